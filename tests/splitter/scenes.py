"""Thumbnails of made-up shots, without any codec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vidcurate.records import Shot, Thumbnail
from vidcurate.splitter.base import Splitter


def scenes(
    lengths: Sequence[int], size: tuple[int, int] = (128, 72), step: int = 1
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Shots of so many frames at 25 fps, each a random texture that moves by `step` pixels a frame."""
    width, height = size
    number = 0
    for shot, length in enumerate(lengths):
        coarse = np.random.default_rng(shot).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        texture = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
        for frame in range(length):
            yield number / 25, np.roll(texture, step * frame, axis=1)
            number += 1


def found(splitter: Splitter, frames: Iterable[tuple[float, NDArray[np.uint8]]]) -> tuple[Shot, ...]:
    """The shots that a splitter tells in the end; those that it tells on the way must agree with them."""
    shown: list[NDArray[np.uint8]] = []
    told = list(splitter.load("cpu")(thumbnails(frames, shown)))
    shots = tuple(shot for shot in told if not shot.open)
    for shot in told:
        final = next(after for after in shots if after.start == shot.start)
        assert shot.end <= final.end
    return shots


def thumbnails(
    frames: Iterable[tuple[float, NDArray[np.uint8]]], shown: list[NDArray[np.uint8]]
) -> Iterator[Thumbnail]:
    """Frames as splitters see them; the last one is `shown`."""

    def view(width: int, height: int) -> NDArray[np.uint8]:
        """The last frame's nearest pixels."""
        image = shown[-1] if shown[-1].size else np.zeros((1, 1, 3), np.uint8)
        rows = np.arange(height) * image.shape[0] // height
        return np.ascontiguousarray(image[rows][:, np.arange(width) * image.shape[1] // width])

    for time, image in frames:
        shown[:] = [image]
        yield Thumbnail(time, image, view)
