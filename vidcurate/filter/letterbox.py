"""Letterbox: how much of the picture is black bars, above and below it or at its sides.

A bar is dark in the brightest moment of every pixel, so that a dark scene is none, and ends in a straight edge, so that
a night sky is none. A film of 2.35:1 in 16:9 scores .23, a silent film between pillars .22, a slide with a black margin
.43, the column of 128 that a camera left black on either side .016. Of 70 clips nothing else scores more. Bars with
subtitles or a logo in them are not found, nor those around a picture that is dark at its own edge; a lit window in
front of a dark room is taken for a picture.
"""

from __future__ import annotations

from typing import ClassVar

from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, Limit
from vidcurate.filter.luma import BLACK, luma
from vidcurate.records import Frames, Sampling
from vidcurate.registry import register


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
    from vidcurate.video.bars import within

    if not len(frames.images):
        return {"bars": 0.0}
    lit = luma(frames.images).max(axis=0) > BLACK
    top, bottom, left, right = within(lit)
    return {"bars": 1 - (bottom - top) * (right - left) / lit.size}
