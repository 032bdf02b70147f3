from __future__ import annotations

import io

import av
import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.preview.webp import WebP


def colours(*values: int):
    """A clip of plain grey frames, 426 x 240."""
    images = np.stack([np.full((240, 426, 3), value, np.uint8) for value in values])
    return frames_of(images, fps=1.0)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and payload of the chunks of a RIFF file."""
    at, found = 12, []
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def test_the_animation_has_every_frame_loops_for_ever_and_runs_at_its_speed():
    parts = chunks(WebP(speed=4.0).load("cpu")(colours(0, 80, 160, 240))["webp"])
    frames = [payload for name, payload in parts if name == b"ANMF"]

    # Google's container specification: ANIM holds the background and 16 bits of loop count; ANMF at 12, 24 bits of ms.
    assert [payload[4:6] for name, payload in parts if name == b"ANIM"] == [b"\0\0"]
    assert [int.from_bytes(payload[12:15], "little") for payload in frames] == [250] * 4


@pytest.mark.parametrize(
    ("values", "strip"),
    [((10,), [10]), ((10, 200), [10, 200]), (range(0, 220, 20), [0, 40, 100, 160, 200])],  # numbers 0, 2, 5, 8, 10
)
def test_the_strip_shows_up_to_five_frames_from_the_first_to_the_last(values, strip):
    data = WebP().load("cpu")(colours(*values))["jpg"]
    with av.open(io.BytesIO(data)) as container:
        image = next(container.decode(video=0)).to_ndarray(format="rgb24")

    assert image.shape == (120, 213 * len(strip), 3)
    assert [part.mean() for part in np.split(image, len(strip), axis=1)] == pytest.approx(strip, abs=12)


def test_a_strip_of_noise_stays_small():
    noise = np.random.default_rng(0).integers(0, 256, (5, 240, 426, 3), np.uint8)

    assert len(WebP().load("cpu")(frames_of(noise))["jpg"]) < 5 * 12_000  # the coarsest of noise; scenes are below 6 kB
