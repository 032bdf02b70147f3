"""How similar clips are that have nothing to do with each other: random pairs of clips from different sources.

Cosines of different embedders are not on one scale; this puts an epsilon on the scale of chance, without a label.
Where two sources hold the same picture, their pairs count too, so that the rate is more likely too high than too low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.dedup.base import is_duplicate
from vidcurate.neighbours.graph import cosines
from vidcurate.stage.intervals import wilson

PAIRS = 1_000_000
"""Random pairs; where there are no more in all, every one is taken once."""

PER_CLIP = 0.01
"""Pairs by chance for every clip that an epsilon may bring, if it is suggested without labels: one for 100 clips."""

PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99, 99.999)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chance:
    """Similarities of random pairs from different sources.

    Attributes:
        similarity: float32 [m].
        all_pairs: how many such pairs the dataset has.
        clips: that it has.
        by_source: False where sources are not known, and each clip counts as one of its own.
    """

    similarity: NDArray[np.float32]
    all_pairs: int
    clips: int
    by_source: bool

    @property
    def drawn(self) -> int:
        """Pairs that were compared."""
        return len(self.similarity)

    @property
    def is_whole(self) -> bool:
        """Whether those are all there are."""
        return self.drawn == self.all_pairs

    def over(self, eps: float) -> int:
        """How many of them an epsilon calls duplicates."""
        return int(is_duplicate(self.similarity, eps).sum())

    def bound(self, eps: float) -> float:
        """Share of all such pairs that an epsilon calls duplicates, at most: upper end of Wilson's 95% interval."""
        over = self.over(eps)
        if self.is_whole:
            return over / self.drawn
        return wilson(over / self.drawn, self.drawn).high

    def expected(self, eps: float) -> float:
        """Pairs by chance that an epsilon brings among all clips, at most."""
        return self.bound(eps) * self.all_pairs

    def suggested(self, epsilons: Sequence[float]) -> float | None:
        """The largest epsilon that brings at most `PER_CLIP` pairs by chance for every clip; None if none does."""
        fit = [eps for eps in epsilons if self.expected(eps) <= PER_CLIP * self.clips]
        return max(fit, default=None)

    def percentiles(self) -> dict[str, float]:
        """Similarities below which so many percent of the pairs lie, where some lie above, and the largest."""
        percents = [percent for percent in PERCENTILES if self.drawn * (100 - percent) >= 100] + [100.0]
        values = np.percentile(self.similarity, percents)
        return {f"{percent:g}": float(value) for percent, value in zip(percents, values, strict=True)}


def by_chance(vectors: NDArray[np.float32], sources: NDArray[np.int32] | None, seed: int, pairs: int = PAIRS) -> Chance:
    """Compare random pairs of clips from different sources, each such pair as likely as any other.

    Args:
        vectors: float32 [n, dim], rows of unit length.
        sources: int32 [n], equal for clips of one source; None makes each clip its own.
        seed: of chance.
        pairs: how many; all there are, each once, where there are no more.
    """
    n = len(vectors)
    names = np.arange(n) if sources is None else sources
    order = np.argsort(names, kind="stable")
    _, starts, sizes = np.unique(names[order], return_index=True, return_counts=True)
    start, size = np.repeat(starts, sizes), np.repeat(sizes, sizes)  # of each position's source, in order of sources
    others = n - size
    total = int(others.sum()) // 2
    if total <= pairs:
        left, right = _every(start + size, n)
    else:
        random = np.random.default_rng(seed)
        left = np.searchsorted(np.cumsum(others), random.integers(0, 2 * total, pairs), side="right")
        right = random.integers(0, others[left])
        right += np.where(right >= start[left], size[left], 0)  # over the clips of the same source
    similarity = cosines(vectors, order[left], order[right])
    return Chance(similarity=similarity, all_pairs=total, clips=n, by_source=sources is not None)


def _every(ends: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every pair of positions of which the second lies past the first one's source."""
    counts = n - ends
    left = np.repeat(np.arange(n), counts)
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    return left, np.arange(len(left)) - firsts + ends[left]
