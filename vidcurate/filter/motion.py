"""Motion: how much the picture changes from one quarter of a second to the next, by whatever cause.

The mean absolute difference of luma between neighbouring thumbnails, as a share of the full range. On 70 clips of all
kinds: a frozen picture .00001, a lecture slide .0007, hands at a table before a fixed camera .006, a dashboard camera
on a highway .02, a shell game .04, a hand-held camera that swings .08. Cheaper than optical flow, and blind to what
it measures: flicker is motion too.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, Limit
from vidcurate.filter.luma import THUMBNAILS, luma
from vidcurate.records import Frames, Sampling
from vidcurate.registry import register


@register
class Motion(Filter):
    """Scores `motion`, 0 to 1; a clip of one frame has none.

    Attributes:
        min: clips with less are dropped as `too_static`; None drops none.
        max: clips with more are dropped as `too_shaky`; None drops none.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"min", "max"})

    min: Bound01 | None = None
    max: Bound01 | None = None

    @property
    def sampling(self) -> Sampling:
        """Thumbnails, four a second."""
        return THUMBNAILS

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`too_static` or `too_shaky`."""
        return Limit("min", "motion", "below", "too_static"), Limit("max", "motion", "above", "too_shaky")

    def load(self, device: str) -> Score:
        """The function that scores one clip; there is no model, `device` is ignored."""
        return _score


def _score(frames: Frames) -> dict[str, float]:
    changes = np.abs(np.diff(luma(frames.images), axis=0))
    return {"motion": float(changes.mean()) / 255 if changes.size else 0.0}
