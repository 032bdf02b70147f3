"""Search by a faiss index, which misses some pairs: what it finds is verified, what it misses nobody knows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.base import Neighbours
from vidcurate.neighbours.best import nobody, with_nearest
from vidcurate.neighbours.graph import Collector, Graph, cosines

log = logging.getLogger(__name__)

BLOCK = 4096
"""Rows that are added or asked for at a time."""
SLACK = 1e-4
"""Below the floor, what the index finds is looked at nevertheless: its products are rounded."""
Found = tuple[NDArray[np.int64], NDArray[np.int64]]


def blocks(vectors: NDArray[np.float32], order: NDArray[np.intp]) -> Iterator[NDArray[np.float32]]:
    """The rows in an order, some at a time."""
    for at in range(0, len(order), BLOCK):
        yield vectors[order[at : at + BLOCK]]


def graph_of(
    index: Any, vectors: NDArray[np.float32], ranks: NDArray[np.int64], k: int | None, settings: Neighbours
) -> Graph:
    """The pairs that an index finds when it is asked for each of its rows.

    Args:
        index: of inner products, holds the rows in order of rank.
        vectors: float32 [n, dim], unit rows.
        ranks: int64 [n].
        k: at most so many neighbours of a row; None for all from the floor up.
        settings: floor and limit.
    """
    order = np.argsort(ranks)
    twice = Collector(settings.floor, 2 * settings.max_pairs)  # a pair may be found from either end
    full = 0
    for number, block in enumerate(blocks(vectors, order)):
        own, other = _ranged(index, block, twice.floor) if k is None else _listed(index, block, k, twice.floor)
        if k is not None:
            full += int((np.bincount(own) > k).sum())
        own += number * BLOCK
        apart = own != other
        left, right = order[own[apart]], order[other[apart]]
        twice.add(left, right, cosines(vectors, left, right))
    if full and k is not None and k < len(order) - 1:
        log.warning("%s: %d of %d clips have at least %d near ones, and no more are listed; raise neighbours.k",
                    settings.name, full, len(order), k)  # fmt: skip
    found = twice.graph(nobody(len(order)), ranks)
    new = (np.diff(found.first, prepend=-1) != 0) | (np.diff(found.second, prepend=-1) != 0)
    pairs = Collector(found.floor, settings.max_pairs)
    pairs.add(found.first[new], found.second[new], found.similarity[new])
    return with_nearest(pairs.graph(found.nearest, ranks))


def _ranged(index: Any, block: NDArray[np.float32], floor: float) -> Found:
    limits, _, labels = index.range_search(block, floor - SLACK)
    return np.repeat(np.arange(len(block)), np.diff(limits.astype(np.int64))), labels


def _listed(index: Any, block: NDArray[np.float32], k: int, floor: float) -> Found:
    products, labels = index.search(block, min(k + 1, index.ntotal))  # itself and k others
    own, at = np.nonzero((products >= floor - SLACK) & (labels >= 0))
    return own, labels[own, at]
