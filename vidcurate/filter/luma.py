"""Luma: how much of a clip is black, white or frozen, and how well it is exposed.

A frame is black or white if nearly all of its pixels are, as in FFmpeg's `blackdetect`, so that a night scene with one
lamp is neither. Of 70 clips of all kinds only those with fades and one of pure black score above 0 for `black`: an
underexposed street and a starry Earth do not. A still picture encoded as video scores 1.0 for `static`, a lecture
slide .98, a fixed camera whose scene is empty now and then .2.

What is burnt out has no detail left: `clipped` is the mean share of the pixels that are, .37 for white slides, .14 for
a man before a window, .06 for a bright sky, less for 65 of the 70. What is underexposed has no light in it: where
`highlights` is low, the brightest hundredth of the picture is dim in every frame. A street at a fifth of its light has
.31, every other clip but a black one .44 and more: starry skies and an Earth by night have lights.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, Limit
from vidcurate.records import Frames, Sampling
from vidcurate.registry import register

THUMBNAILS = Sampling(width=64, height=36, fps=4.0)
"""Small frames, four a second; shared with `motion`, so that they are made once."""

BLACK, WHITE = 0.1 * 255, 0.9 * 255
"""Luma below and above which a pixel is black and white."""

NEARLY_ALL = 0.98
"""Share of the pixels that must be."""

SAME = 4
"""Two frames are the same if no pixel's luma differs by so many of 255 levels: compression does not, objects do."""


CLIPPED = 245
"""Luma from which a pixel counts as burnt out: cameras and codecs that end at 235 or 240 do not clip there."""


@register
class Luma(Filter):
    """Scores `black`, `white`, `static`, `clipped` and `highlights`, 0 to 1, each with a bound of its own.

    Attributes:
        max_black: share of black frames above which a clip is dropped; None only scores.
        max_white: share of white frames above which a clip is dropped; None only scores.
        max_static: share of pairs of neighbouring frames without a difference above which a clip is dropped; None only
            scores.
        max_clipped: share of the pixels, all frames together, whose luma is at its end; clips with more are dropped as
            `overexposed`.
        min_highlights: luma that a hundredth of the pixels of the brightest frame exceeds, as a share of the full
            range; clips with less are dropped as `underexposed`.
    """

    volatile: ClassVar[frozenset[str]] = frozenset(
        {"max_black", "max_white", "max_static", "max_clipped", "min_highlights"}
    )
    version: ClassVar[int] = 2

    max_black: Bound01 | None = None
    max_white: Bound01 | None = None
    max_static: Bound01 | None = None
    max_clipped: Bound01 | None = None
    min_highlights: Bound01 | None = None

    @property
    def sampling(self) -> Sampling:
        """Thumbnails, four a second."""
        return THUMBNAILS

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`black`, `white`, `static`, `overexposed` or `underexposed`, the first whose bound is exceeded."""
        shares = (Limit(f"max_{name}", name, "above", name) for name in ("black", "white", "static"))
        exposed = Limit("max_clipped", "clipped", "above", "overexposed")
        return *shares, exposed, Limit("min_highlights", "highlights", "below", "underexposed")

    def load(self, device: str) -> Score:
        """The function that scores one clip; there is no model, `device` is ignored."""
        return _score


def luma(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Brightness of every pixel, 0 to 255, as BT.601 weighs the channels.

    Args:
        images: uint8 [n, height, width, 3], RGB.

    Returns:
        float32 [n, height, width].
    """
    return np.asarray(images @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def _score(frames: Frames) -> dict[str, float]:
    levels = luma(frames.images)
    changes = np.abs(np.diff(levels, axis=0)).max(axis=(1, 2))
    return {
        "black": _share((levels < BLACK).mean(axis=(1, 2)) >= NEARLY_ALL),
        "white": _share((levels > WHITE).mean(axis=(1, 2)) >= NEARLY_ALL),
        "static": _share(changes < SAME),
        "clipped": _share(levels >= CLIPPED),
        "highlights": float(np.percentile(levels, 99, axis=(1, 2)).max()) / 255 if levels.size else 0.0,
    }


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if flags.size else 0.0
