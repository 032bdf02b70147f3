"""What a neighbour search finds: similar pairs down to a floor, and of every clip the nearest that ranks before it.

Fast filters only propose pairs; the similarity that is kept is always that of `cosines`, so that neither tiles nor
workers nor devices show in a result.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import VidcurateError

log = logging.getLogger(__name__)

BLOCK = 4096
"""Pairs that are multiplied at a time: 16 MiB of float64 at 512 dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nearest:
    """The nearest earlier neighbour of each of n clips.

    Attributes:
        index: int64 [n], row of that neighbour; the row itself where there is none.
        similarity: float32 [n], cosine in [-1, 1]; 0 where there is none.
    """

    index: NDArray[np.int64]
    similarity: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graph:
    """The similar pairs among n clips.

    Attributes:
        nearest: of every clip, exact from `floor` up. Below it `clustered` gives the nearest of the cluster, `exact`
            the row itself and 0: what a filter happened to see must not show.
        first: int64 [m], row of the clip of each pair that ranks before the other.
        second: int64 [m], row of the other; pairs are sorted by its rank, then by that of the first.
        similarity: float32 [m], cosine in [floor, 1].
        floor: cosine down to which pairs are listed.
    """

    nearest: Nearest
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float32]
    floor: float


def cosines(
    vectors: NDArray[np.float32],
    left: NDArray[np.integer],
    right: NDArray[np.integer],
    others: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """The similarity of pairs of rows, summed in float64 and rounded once; equal rows score exactly 1.

    Args:
        vectors: float32 [n, dim], rows of unit length to float32.
        left: int [m], rows.
        right: int [m], rows.
        others: float32 [k, dim], where `right` counts rows of another matrix.

    Returns:
        float32 [m] in [-1, 1].
    """
    others = vectors if others is None else others
    found = np.empty(len(left), np.float32)
    for at in range(0, len(left), BLOCK):
        a = vectors[left[at : at + BLOCK]].astype(np.float64)
        b = others[right[at : at + BLOCK]].astype(np.float64)
        lengths = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
        found[at : at + BLOCK] = (a * b).sum(axis=1) / lengths
    return np.clip(found, -1, 1)


class Collector:
    """Gathers pairs as a search comes upon them; beyond `max_pairs` the floor rises, and the least similar go.

    Args:
        floor: cosine from which on pairs are kept.
        max_pairs: so many at most.
    """

    def __init__(self, floor: float, max_pairs: int) -> None:
        self.floor, self.max_pairs, self._given = floor, max_pairs, floor
        self._blocks: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
        self._count = 0

    def add(self, left: NDArray[np.int64], right: NDArray[np.int64], similarity: NDArray[np.float32]) -> None:
        """Take pairs, each once, in either direction, with the similarity that `cosines` gives."""
        kept = similarity >= np.float32(self.floor)
        if kept.any():
            self._blocks.append((left[kept], right[kept], similarity[kept]))
            self._count += int(kept.sum())
        if self._count > 2 * self.max_pairs:
            self._shrink()

    def join(self, graph: Graph, rows: NDArray[np.int64]) -> None:
        """Take the pairs of a search among some of the clips.

        Args:
            graph: lists all pairs from its floor up.
            rows: int64, of its clips.
        """
        self.floor = max(self.floor, graph.floor)
        self.add(rows[graph.first], rows[graph.second], graph.similarity)

    def graph(self, nearest: Nearest, ranks: NDArray[np.int64]) -> Graph:
        """All pairs, in their order.

        Args:
            nearest: of every clip, from the same search.
            ranks: int64 [n], smaller is kept first.

        Raises:
            VidcurateError: more than `max_pairs` are as similar as any.
        """
        if self._count > self.max_pairs:
            self._shrink()
        left, right, similarity = self._joined()
        if self.floor > self._given and not len(left):
            raise VidcurateError(
                f"more than {self.max_pairs} pairs have a similarity of {self.floor:.6f}: neighbours.max_pairs is too "
                "small for so many near copies; raise it, or drop copies before"
            )
        swap = ranks[left] > ranks[right]
        first, second = np.where(swap, right, left), np.where(swap, left, right)
        order = np.lexsort((ranks[first], ranks[second]))
        if self.floor > self._given:
            log.warning("neighbours.max_pairs=%d: pairs are listed from %.4f on", self.max_pairs, self.floor)
        return Graph(
            nearest=nearest,
            first=first[order],
            second=second[order],
            similarity=similarity[order],
            floor=self.floor,
        )

    def _shrink(self) -> None:
        """Raise the floor to the smallest similarity of which no more than `max_pairs` are left."""
        left, right, similarity = self._joined()
        bar = np.partition(similarity, len(similarity) - self.max_pairs - 1)[len(similarity) - self.max_pairs - 1]
        kept = similarity > bar
        self.floor = float(np.nextafter(bar, np.float32(2)))  # what comes later may lie between bar and those kept
        self._blocks = [(left[kept], right[kept], similarity[kept])]
        self._count = int(kept.sum())

    def _joined(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        empty = np.empty(0, np.int64)
        blocks = self._blocks or [(empty, empty, np.empty(0, np.float32))]
        left, right, similarity = (np.concatenate(column) for column in zip(*blocks, strict=True))
        return left, right, similarity
