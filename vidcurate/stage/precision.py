"""How often two clips that an epsilon calls duplicates are the same, from a sample of pairs that a person has marked.

Pairs are marked band by band of similarity. The precision at an epsilon is that of all pairs above 1 - eps: the mean of
the bands' shares, each weighted by the pairs it holds. Its interval is Wilson's for the effective size of the sample,
as surveys use it (Korn and Graubard 1998; Franco et al. 2019): the size of a simple sample that would be as certain.
An epsilon inside a band takes the whole band's share for the part above, which errs on the safe side where more
similar pairs are the same more often.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from vidcurate.stage.intervals import wilson

EDGES = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3)
"""Epsilons between bands of similarity, fine where most duplicates lie."""

STEP = 1000
"""Epsilons are advised in steps of 1 / 1000."""

MOST = 1000
"""More marks than that are not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Pairs that are duplicates at one epsilon and not at a smaller one.

    Attributes:
        inner: the smaller epsilon; similarities are at most 1 - inner.
        outer: the larger epsilon; similarities are above 1 - outer.
        pairs: how many the dataset has.
        same: how many were marked as showing the same.
        different: likewise.
        unsure: marked as undecided; they count for nothing.
    """

    inner: float
    outer: float
    pairs: int
    same: int = 0
    different: int = 0
    unsure: int = 0

    @property
    def marked(self) -> int:
        """Pairs that were judged."""
        return self.same + self.different

    @property
    def share(self) -> float:
        """Judged pairs that are the same, 0 to 1; NaN where none was judged."""
        return self.same / self.marked if self.marked else math.nan

    @property
    def rest(self) -> float:
        """Correction of a variance for a sample of a finite number: 1 for few of many, 0 where all were judged."""
        return (self.pairs - self.marked) / (self.pairs - 1) if self.pairs > 1 else float(self.pairs > self.marked)

    @property
    def interval(self) -> tuple[float, float]:
        """95% interval of the share; (0, 1) where none was judged."""
        if not self.marked:
            return 0.0, 1.0
        rate = wilson(self.share, self.marked / self.rest if self.rest else math.inf)
        return rate.low, rate.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """The share of an epsilon's duplicate pairs that are the same.

    Attributes:
        eps: the epsilon.
        pairs: above 1 - eps.
        share: estimate, 0 to 1.
        low: lower end of its 95% interval.
        high: upper end.
    """

    eps: float
    pairs: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Marks that are wanted.

    Attributes:
        eps: what could be advised if all of them say the same.
        more: how many pairs of which bands.
    """

    eps: float
    more: Mapping[Band, int]

    @property
    def total(self) -> int:
        """Marks."""
        return sum(self.more.values())

    @property
    def per_band(self) -> int:
        """Pairs that must be drawn of each band to make so many marks."""
        return max(band.marked + band.unsure + count for band, count in self.more.items())


def precision_at(bands: Sequence[Band], eps: float, pairs: int) -> Precision | None:
    """The precision of all pairs above 1 - eps.

    Args:
        bands: from the most similar on, without gaps.
        eps: at most the last band's.
        pairs: how many are above 1 - eps.

    Returns:
        None where there is no such pair, or none was judged in a band that holds some.
    """
    share = spread = kish = 0.0
    for band, held in _held(bands, eps, pairs):
        if not band.marked:
            return None
        weight = held / pairs
        error = weight * weight * band.rest / band.marked
        share += weight * band.share
        spread += error * band.share * (1 - band.share)
        kish += error
    if not pairs:
        return None
    size = 1 / kish if kish else math.inf
    if spread:
        size = min(size, share * (1 - share) / spread)
    rate = wilson(share, size)
    return Precision(eps=eps, pairs=pairs, share=share, low=rate.low, high=rate.high)


def largest(bands: Sequence[Band], pairs: Mapping[float, int], target: float) -> Precision | None:
    """The largest epsilon whose precision is at least a target, by the lower end of its interval.

    No larger, though, than takes in the last of its pairs: of what is less similar, nobody has seen anything.

    Args:
        bands: from the most similar on.
        pairs: above 1 - eps, of every epsilon that may be advised.
        target: 0 to 1.

    Returns:
        None where there is none: too few pairs were judged, or too many of them differ.
    """
    firsts = {count: eps for eps, count in sorted(pairs.items(), reverse=True)}
    found = (precision_at(bands, eps, count) for count, eps in firsts.items())
    return next((one for one in found if one is not None and one.low >= target), None)


def doubtful(bands: Sequence[Band], eps: float, target: float) -> Band | None:
    """The most similar band within an epsilon whose own share is below a target; None if there is none."""
    return next((band for band in bands if band.inner < eps and band.marked and band.share < target), None)


def needed(bands: Sequence[Band], eps: float, pairs: int, target: float) -> dict[Band, int] | None:
    """How many more pairs of which bands must be marked, all of them as the same, to advise an epsilon.

    Marks are asked for where one more helps most.

    Args:
        bands: from the most similar on.
        eps: the epsilon.
        pairs: above 1 - eps.
        target: precision that the lower end must reach.

    Returns:
        Marks per band, none of which are 0; None where marks as the same cannot get there.
    """
    more: dict[Band, int] = {}
    now = {band: band for band, _ in _held(bands, eps, pairs)}
    weights = {band: held / pairs for band, held in _held(bands, eps, pairs)}
    for _ in range(MOST):
        reached = precision_at(list(now.values()), eps, pairs)
        if reached is not None and reached.low >= target:
            return more
        open_ = [band for band in now if now[band].marked + now[band].unsure < band.pairs]
        if not open_:
            return None
        chosen = max(open_, key=lambda band: weights[band] ** 2 / (now[band].marked or 1e-9))
        more[chosen] = more.get(chosen, 0) + 1
        now[chosen] = replace(now[chosen], same=now[chosen].same + 1)
    return None


def next_step(bands: Sequence[Band], pairs: Mapping[float, int], target: float, beyond: float) -> Request | None:
    """The border of a band beyond an epsilon that the fewest marks, all of them as the same, would reach.

    Args:
        bands: from the most similar on.
        pairs: above 1 - eps, of every epsilon that may be advised.
        target: precision that the lower end must reach.
        beyond: the epsilon that is advised now; 0 for none.

    Returns:
        None where marks as the same reach none.
    """
    outers = [band.outer for band in bands if band.outer > beyond and pairs[band.outer]]
    asked = ((eps, needed(bands, eps, pairs[eps], target)) for eps in outers)
    found = [Request(eps=eps, more=more) for eps, more in asked if more]
    return min(found, key=lambda request: (request.total, request.eps), default=None)


def steps(floor: float) -> list[float]:
    """Epsilons that may be advised where pairs are known down to a similarity."""
    epsilons = (step / STEP for step in range(1, STEP + 1))
    return [eps for eps in epsilons if eps <= EDGES[-1] and 1 - eps >= floor]


def edges(floor: float) -> list[tuple[float, float]]:
    """Inner and outer epsilon of the bands where pairs are known down to a similarity."""
    last = (steps(floor) or [0.0])[-1]
    inside = [edge for edge in EDGES if edge < last]
    return list(pairwise([*inside, last])) if last else []


def _held(bands: Sequence[Band], eps: float, pairs: int) -> list[tuple[Band, int]]:
    """Bands that hold pairs above 1 - eps, and how many of them."""
    found, left = [], pairs
    for band in bands:
        held = min(band.pairs, left)
        if held and band.inner < eps:
            found.append((band, held))
        left -= held
    return found
