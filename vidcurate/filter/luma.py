"""Luma: how much of a clip is black, white or frozen.

A frame is black or white if nearly all of its pixels are, as in FFmpeg's `blackdetect`, so that a night scene with one
lamp is neither. Of 70 clips of all kinds only those with fades and one of pure black score above 0 for `black`: an
underexposed street and a starry Earth do not. A still picture encoded as video scores 1.0 for `static`, a lecture
slide .98, a fixed camera whose scene is empty now and then .2.
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


@register
class Luma(Filter):
    """Scores `black`, `white` and `static`; each is a share of the clip, 0 to 1, with a bound of its own.

    Attributes:
        max_black: share of black frames above which a clip is dropped; None only scores.
        max_white: share of white (overexposed) frames above which a clip is dropped; None only scores.
        max_static: share of pairs of neighbouring frames without a difference above which a clip is dropped; None only
            scores.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"max_black", "max_white", "max_static"})

    max_black: Bound01 | None = None
    max_white: Bound01 | None = None
    max_static: Bound01 | None = None

    @property
    def sampling(self) -> Sampling:
        """Thumbnails, four a second."""
        return THUMBNAILS

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`black`, `white` or `static`, the first whose bound is exceeded."""
        return tuple(Limit(f"max_{name}", name, "above", name) for name in ("black", "white", "static"))

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
    }


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if flags.size else 0.0
