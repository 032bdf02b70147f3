from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from vidcurate.stage.tune_shots.reels import SIZE, Reel, Take, reel
from vidcurate.video.probe import probe

COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200))


@pytest.fixture(scope="module")
def takes(tmp_path_factory) -> list[Take]:
    """Three videos of one colour each."""
    folder = tmp_path_factory.mktemp("takes")
    found = []
    for number, colour in enumerate(COLOURS):
        path = folder / f"{number}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "10"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            image = np.full((48, 64, 3), colour, np.uint8)
            for _ in range(120):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode())
        found.append(Take(uri=path.name, path=str(path), info=probe(str(path))))
    return found


@pytest.fixture(scope="module")
def made(takes, tmp_path_factory) -> tuple[Reel, list[np.ndarray]]:
    path = tmp_path_factory.mktemp("reel") / "reel0.mp4"
    written = reel(takes, path, 16, random.Random(3))
    with av.open(str(path)) as container:
        return written, [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def is_pure(image: np.ndarray) -> bool:
    """Whether an image has one of the three colours everywhere, but for what coding does to it."""
    seen = image[2::8, 2::8].astype(int)
    return any((np.abs(seen - colour) < 24).all() for colour in COLOURS)


def test_frames_are_mixed_where_labels_say_so_and_nowhere_else(made):
    labels, frames = made
    spans = [(one.first, one.last) for one in (*labels.truths, *labels.flashes) if one.kind != "cut"]
    mixed = {index for first, last in spans for index in range(first, last + 1)}
    middles = [(first + last) // 2 for first, last in spans]

    assert frames[0].shape == (SIZE[1], SIZE[0], 3)
    assert {one.kind for one in labels.truths} == {"cut", "dissolve", "fade", "wipe"}
    assert labels.flashes
    assert [index for index, frame in enumerate(frames) if index not in mixed and not is_pure(frame)] == []
    assert [index for index in middles if is_pure(frames[index])] == []


def test_every_change_of_colour_has_a_label(made):
    labels, frames = made
    shown = [int(np.argmax(frame[100, 200])) if is_pure(frame) else None for frame in frames]
    changes = [index for index in range(1, len(shown)) if None not in shown[index - 1 : index + 1]]
    cuts = [one.last for one in labels.truths if one.kind == "cut"]

    assert [index for index in changes if shown[index] != shown[index - 1]] == cuts


def test_transitions_rise_and_leave_shots_between_them(made):
    labels, _ = made
    truths = labels.truths

    assert all(one.first <= one.last for one in truths)
    assert all(after.first - before.last > 5 for before, after in pairwise(truths))
    assert labels.uris == ("0.mp4", "1.mp4", "2.mp4")


def test_the_same_draws_give_the_same_bytes(takes, tmp_path):
    one, other = (reel(takes, tmp_path / f"{name}.mp4", 3, random.Random(7)) for name in "ab")

    assert one.truths == other.truths
    assert Path(tmp_path, "a.mp4").read_bytes() == Path(tmp_path, "b.mp4").read_bytes()
