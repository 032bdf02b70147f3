"""Letterbox: how much of the picture is black bars, above and below it or at its sides.

A bar is dark in the brightest moment of every pixel, so that a dark scene is none, and ends in a straight edge, so that
a night sky is none. A film of 2.35:1 in 16:9 scores .23, a silent film between pillars .22, a slide with a black margin
.43, the column of 128 that a camera left black on either side .016. Of 70 clips nothing else scores more. Bars with
subtitles or a logo in them are not found, nor those around a picture that is dark at its own edge; a lit window in
front of a dark room is taken for a picture.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, Limit
from vidcurate.filter.luma import BLACK, NEARLY_ALL, luma
from vidcurate.records import Frames, Sampling
from vidcurate.registry import register

EDGE = 2
"""Rows or columns over which scaling and compression may smear the edge of a bar."""

STRAIGHT = 0.8
"""Share of the edge's length along which the picture must be brighter than the bar."""

LEAST = 0.3
"""Share of the width or height that a picture takes at least: 9:16 in 16:9 takes .32. What is smaller is a lamp."""


@register
class Letterbox(Filter):
    """Scores `bars`, 0 to 1: share of the picture's area; 0 for a clip that is black throughout, which has no picture.

    Attributes:
        max: clips with more are dropped as `letterboxed`; None drops none.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"max"})

    max: Bound01 | None = None

    @property
    def sampling(self) -> Sampling:
        """Sixteen small frames, evenly spread over the clip; bars are measured to 1/128 of the picture."""
        return Sampling(width=128, height=128, count=16)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`letterboxed`."""
        return (Limit("max", "bars", "above", "letterboxed"),)

    def load(self, device: str) -> Score:
        """The function that scores one clip; there is no model, `device` is ignored."""
        return _score


def _score(frames: Frames) -> dict[str, float]:
    if not len(frames.images):
        return {"bars": 0.0}
    lit = luma(frames.images).max(axis=0) > BLACK
    top, bottom = _within(lit)
    left, right = _within(lit[top:bottom].T)
    return {"bars": 1 - (bottom - top) * (right - left) / lit.size}


def _within(lit: NDArray[np.bool_]) -> tuple[int, int]:
    """First row of the picture and the row behind its last one; all rows where there are no bars."""
    rows = np.flatnonzero(lit.mean(axis=1) > 1 - NEARLY_ALL)
    if not rows.size or rows[-1] + 1 - rows[0] < LEAST * len(lit):
        return 0, len(lit)
    first, end = int(rows[0]), int(rows[-1]) + 1
    columns = lit[first:end].any(axis=0)
    shares = lit[:, columns].mean(axis=1)
    starts = shares[first : first + 1 + EDGE].max() >= STRAIGHT
    ends = shares[max(end - 1 - EDGE, 0) : end].max() >= STRAIGHT
    return first if starts else 0, end if ends else len(lit)
