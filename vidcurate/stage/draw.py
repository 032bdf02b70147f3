"""Which pairs a person is shown: a few of every band of similarity, spread over all that looks different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vidcurate.dedup.base import is_duplicate
from vidcurate.neighbours.graph import Graph

ALIKE = 0.01
"""Clips that are linked by pairs above 1 - ALIKE count as one look: a thousand copies of a clip are not a thousand."""

HEAD = 20_000
"""Pairs of a band that are considered, those of looks that come up for the first time before all others."""


def draw(graph: Graph, bands: Sequence[tuple[float, float]], per_band: int, seed: int) -> list[int]:
    """Draw pairs of every band, and shuffle them, so that their order gives nothing away.

    Within a band, pairs of looks (clips or groups of near copies) that were drawn least come first, otherwise chance
    decides. A larger `per_band` draws the same pairs and more.

    Args:
        graph: the similar pairs.
        bands: inner and outer epsilon of each.
        per_band: so many at most.
        seed: of chance.

    Returns:
        Rows of the pairs.
    """
    looks, random = _looks(graph), np.random.default_rng(seed)
    drawn = []
    for inner, outer in bands:
        rows = random.permutation(in_band(graph.similarity, inner, outer))
        drawn += list(_spread(looks[graph.first[rows]], looks[graph.second[rows]], rows, per_band))
    return [drawn[at] for at in random.permutation(len(drawn))]


def in_band(similarity: NDArray[np.float32], inner: float, outer: float) -> NDArray[np.int64]:
    """Where pairs are duplicates at the outer epsilon and not at the inner one; from 0 on, all above the outer."""
    chosen = is_duplicate(similarity, outer)
    return np.flatnonzero(chosen & ~is_duplicate(similarity, inner) if inner else chosen)


def _spread(left: NDArray[np.int64], right: NDArray[np.int64], rows: NDArray[np.int64], wanted: int) -> Iterator[int]:
    """Take rows so that no look is taken a second time while there are others."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.argsort(_repetition(low, high), kind="stable")[:HEAD]
    used: Counter[int] = Counter()
    waiting = list(zip(low[order].tolist(), high[order].tolist(), rows[order].tolist(), strict=True))
    limit, taken = 1, 0
    while waiting and taken < wanted:
        left_over = []
        for one, other, row in waiting:
            if taken < wanted and used[one] < limit and used[other] < limit:
                used.update({one, other})
                taken += 1
                yield row
            else:
                left_over.append((one, other, row))
        waiting, limit = left_over, limit + 1


def _repetition(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each pair of looks has come before in the list."""
    order = np.lexsort((high, low))
    starts = np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)][: len(order)]
    positions = np.arange(len(order))
    found = np.empty(len(order), np.int64)
    found[order] = positions - np.maximum.accumulate(np.where(starts, positions, 0))
    return found


def _looks(graph: Graph) -> NDArray[np.int64]:
    """The look of each clip: the number of its group of near copies."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    alike = is_duplicate(graph.similarity, ALIKE)
    n = len(graph.nearest.index)
    edges = coo_array((np.ones(alike.sum(), np.bool_), (graph.first[alike], graph.second[alike])), shape=(n, n))
    return np.asarray(connected_components(edges, directed=False)[1], np.int64)
