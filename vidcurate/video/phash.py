"""pHash: the coarse layout of a picture in 64 bits. Coding, scaling and brightness keep it, crops and mirrors do not.

A bit says whether one of the 64 slowest waves of a picture's brightness is stronger than half of them (Zauner 2010,
"Implementation and Benchmarking of Perceptual Image Hash Functions"). `imagehash` computes the same of pictures of 32
x 32 pixels and needs SciPy and Pillow; here the transform is two small matrices, and the pictures are at hand.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 8
"""Waves per direction."""

FLAT = 0
"""Stands for a picture without a layout; every other one sets half of the bits."""

MIN_DEVIATION = 4.0
"""Standard deviation of the brightness, of 255 levels, below which a picture is flat: noise would set the bits. Those
of a night sky with 11 still are the same after strong compression."""


def phashes(levels: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Hash some pictures.

    Args:
        levels: float32 [n, height, width], brightness from 0 to 255; each side has at least 8 pixels.

    Returns:
        uint64 [n]; `FLAT` for those that nearly are of one colour.
    """
    _, height, width = levels.shape
    waves = (_cosines(height) @ levels @ _cosines(width).T).reshape(-1, SIDE**2)
    bits = np.packbits(waves > np.median(waves, axis=1, keepdims=True), axis=1).view(">u8")[:, 0].astype(np.uint64)
    return np.where(levels.std(axis=(1, 2)) < MIN_DEVIATION, np.uint64(FLAT), bits)


@cache
def _cosines(size: int) -> NDArray[np.float32]:
    """The slowest waves of a discrete cosine transform of the second kind, float32 [SIDE, size]."""
    places = (np.arange(size) + 0.5) * np.pi / size
    return np.cos(np.arange(SIDE)[:, None] * places).astype(np.float32)
