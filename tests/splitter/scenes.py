"""Thumbnails of made-up shots, without any codec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vidcurate.splitter.base import Thumbnail


def scenes(lengths: Sequence[int], size: tuple[int, int] = (128, 72), step: int = 1) -> Iterator[Thumbnail]:
    """Shots of so many frames at 25 fps, each a random texture that moves by `step` pixels a frame."""
    width, height = size
    number = 0
    for shot, length in enumerate(lengths):
        coarse = np.random.default_rng(shot).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        texture = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
        for frame in range(length):
            yield number / 25, np.roll(texture, step * frame, axis=1)
            number += 1
