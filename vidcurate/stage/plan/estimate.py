"""From a stratified sample to totals with intervals: ratio estimators, their error by linearisation.

What is asked of a video (clips, bytes, seconds of work) goes with what is known of all videos (how long they last, how
many pixels they hold), so the total is that of the known, times the ratio of both in the sample. The variance is that
of the residuals; what a sample has seen of a stratum leaves nothing open of it. Residuals are taken about the ratio and
not about their stratum's mean, which errs on the safe side: two videos of a stratum that agree prove nothing.

Source: Cochran, Sampling Techniques, 3rd ed. 1977, sections 6.3 and 6.11, the combined ratio estimator, with Student's
t; on the logarithmic scale, so that no interval reaches below zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.9
"""Share of intervals that should hold the true value."""
WIDEST = 3.0
"""Logarithm beyond which an interval is not followed: a factor of 20."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and the ends of its interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Figure:
        """The same in another unit."""
        return Figure(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, known: float) -> Figure:
        """The same and something that is known."""
        return Figure(self.value + known, self.low + known, self.high + known)

    def joined(self, other: Figure) -> Figure:
        """The sum with what errs independently of it."""
        value = self.value + other.value
        down = math.hypot(self.value - self.low, other.value - other.low)
        return Figure(
            value, max(0.0, value - down), value + math.hypot(self.high - self.value, other.high - other.value)
        )


def exactly(value: float) -> Figure:
    """What is known."""
    return Figure(value, value, value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """How a sample of n units was drawn.

    Attributes:
        stratum: int64 [n], which each is of.
        weight: float64 [n], for how many of its stratum each stands, itself included.
        seen: float64 [n], the share of its stratum that the sample has seen.
        domain: int64 [n]; ratios are not shared between domains.
    """

    stratum: NDArray[np.int64]
    weight: NDArray[np.float64]
    seen: NDArray[np.float64]
    domain: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """A total.

    Attributes:
        value: of it.
        error: float64 [n], what each unit of the sample contributes to its error.
    """

    value: float
    error: NDArray[np.float64]

    def times(self, factor: float) -> Estimate:
        """So many times the total."""
        return Estimate(value=self.value * factor, error=self.error * factor)


def added(estimates: Iterable[Estimate], units: int) -> Estimate:
    """The sum of totals that were estimated from the same `units`."""
    found = list(estimates)
    error: NDArray[np.float64] = np.sum([np.zeros(units), *(one.error for one in found)], axis=0)
    return Estimate(value=sum(one.value for one in found), error=error)


def ratio(
    design: Design, asked: NDArray[np.float64], known: NDArray[np.float64], totals: NDArray[np.float64]
) -> Estimate:
    """The total of what is asked.

    Args:
        design: of the sample.
        asked: float64 [n], of each unit.
        known: float64 [n], likewise, above 0.
        totals: float64 [domains], of `known` over all of a domain.
    """
    value, error = 0.0, np.zeros(len(asked))
    for domain, total in enumerate(totals.tolist()):
        mine = design.domain == domain
        reference = float((design.weight * known)[mine].sum())
        if reference <= 0:
            continue
        slope = float((design.weight * asked)[mine].sum()) / reference
        value += slope * total
        residual = design.weight * (asked - slope * known) * total / reference
        error[mine] = residual[mine]
    return Estimate(value=value, error=error)


def interval(design: Design, estimate: Estimate) -> Figure:
    """A total with its interval at `CONFIDENCE`."""
    value = estimate.value
    if value <= 0:
        return exactly(0.0)
    count = len(estimate.error)
    parts = (1.0 - np.minimum(design.seen, 1.0)) * estimate.error**2 * count / max(1, count - 1)
    variance = float(parts.sum())
    if not variance:
        return exactly(value)
    width = min(WIDEST, quantile(max(1, count - 1)) * math.sqrt(variance) / value)
    return Figure(value, value * math.exp(-width), value * math.exp(width))


def never(design: Design, units: int) -> float:
    """The largest number of `units` that may be of a kind of which the sample has seen none, at `CONFIDENCE`.

    >>> one = np.zeros(29, np.int64)
    >>> design = Design(stratum=one, weight=np.full(29, 10.0), seen=np.full(29, 0.1), domain=one)
    >>> round(never(design, 290))
    20
    """
    left = max(0.0, 1.0 - float(np.average(design.seen, weights=design.weight)))
    return float(units * left * (1 - (1 - CONFIDENCE) ** (1 / max(1, len(design.stratum)))))


def quantile(freedom: int) -> float:
    """Student's t: half of what lies beyond `CONFIDENCE` is above it."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
