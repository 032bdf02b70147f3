"""A caption belongs to the window that it was made of, whatever the order and whatever fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from vidcurate.captioner.base import Caption
from vidcurate.captioner.windows import WindowedCaptioner
from vidcurate.errors import ShapeError
from vidcurate.recipe import Recipe
from vidcurate.records import Answer, Frames, Sampling
from vidcurate.registry import settings
from vidcurate.stage.observe import look, observe

EVERY = 10


@settings
class Reader(WindowedCaptioner):
    """Says which pictures it sees; `torn` is one that it fails at, `lost` one whose answer it forgets."""

    torn: int = -1
    lost: int = -1

    @property
    def sampling(self) -> Sampling:
        return Sampling(width=1, height=1, fps=2)

    def load(self, device: str) -> Caption:
        def read(windows: Sequence[Frames]) -> list[Answer]:
            seen = [window.images[:, 0, 0, 0].tolist() for window in windows]
            return [self._answer(numbers) for numbers in seen if self.lost not in numbers]

        return read

    def _answer(self, numbers: list[int]) -> Answer:
        if self.torn in numbers:
            return Answer(failure="torn")
        return Answer(text=" ".join(map(str, numbers)), prompt_tokens=len(numbers), output_tokens=1)


@dataclass(frozen=True)
class View:
    clip_id: str
    num_frames: int
    frames: dict[Sampling, Frames]


def view(first: int, num_frames: int) -> View:
    """A clip of which every tenth frame is sampled; their pictures are numbered from `first`."""
    indices = np.arange(0, num_frames, EVERY)
    images = (first + np.arange(indices.size, dtype=np.uint8)).reshape(-1, 1, 1, 1).repeat(3, axis=3)
    frames = Frames(images=images, times=indices / 20, indices=indices)
    return View(f"clip {first}", num_frames, {Reader().sampling: frames})


CLIPS = [view(0, 60), view(10, 3), view(20, 25), view(30, 45)]


READER = Reader(window_frames=20, remainder_frames=10)


def captions(clips, captioner=READER):
    return observe(clips, Recipe(captioner=captioner), {"caption"}, "cpu").captions


def test_every_window_of_every_clip_gets_the_caption_of_its_own_frames():
    said = [(row["clip_id"], row["start_frame"], row["end_frame"], row["caption"]) for row in captions(CLIPS)]

    assert said == [
        ("clip 0", 0, 19, "0 1"),
        ("clip 0", 20, 39, "2 3"),
        ("clip 0", 40, 59, "4 5"),
        ("clip 20", 0, 24, "20 21 22"),
        ("clip 30", 0, 19, "30 31"),
        ("clip 30", 20, 44, "32 33 34"),
    ]


def test_the_order_of_clips_changes_no_caption():
    shuffled = captions([CLIPS[position] for position in (2, 0, 3, 1)])

    assert sorted(shuffled, key=str) == sorted(captions(CLIPS), key=str)


def test_a_failure_in_the_middle_moves_no_other_caption():
    torn = captions(CLIPS, Reader(window_frames=20, remainder_frames=10, torn=3))

    whole = captions(CLIPS)
    assert [row["failure"] for row in torn] == ["", "torn", "", "", "", ""]
    assert torn[1] == whole[1] | {"caption": "", "failure": "torn", "prompt_tokens": 0, "output_tokens": 0}
    assert torn[:1] + torn[2:] == whole[:1] + whole[2:]


def test_a_window_of_which_no_frame_was_sampled_fails_alone():
    rows = captions([view(0, 24)], Reader(window_frames=4, remainder_frames=1))

    assert [row["caption"] for row in rows] == ["0", "", "1", "", "", "2"]
    assert {row["failure"] for row in rows if not row["caption"]} == {"no frame of the window was sampled"}


def test_a_captioner_that_loses_an_answer_is_found_out():
    with pytest.raises(ShapeError, match=r"5 captions for 6 windows"):
        captions(CLIPS, Reader(window_frames=20, remainder_frames=10, lost=21))


def test_clips_that_come_in_several_groups_keep_their_captions():
    clips = [replace(view(first, 20), clip_id=f"{first}") for first in range(40)]

    _, seen = look(clips, Recipe(captioner=Reader()), {"caption"}, "cpu")

    assert [row["caption"] for row in seen.captions] == [f"{first} {first + 1}" for first in range(40)]
    assert [row["clip_id"] for row in seen.captions] == [f"{first}" for first in range(40)]
