"""The nearest neighbours that pairs hold, in one list or in one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.graph import Graph, Nearest


def nobody(n: int) -> Nearest:
    """Of each of n clips that it has no neighbour: the row itself at 0."""
    return Nearest(index=np.arange(n), similarity=np.zeros(n, np.float32))


def strongest(second: NDArray[np.integer], similarity: NDArray[np.float32]) -> NDArray[np.intp]:
    """Places of the most similar pair of each clip, the first of equals.

    Args:
        second: int [m], the clip of each pair; those of one clip stand together.
        similarity: float32 [m].
    """
    starts = np.flatnonzero(np.append(True, second[1:] != second[:-1])[: len(second)])
    if not len(starts):
        return starts
    highest = np.repeat(np.maximum.reduceat(similarity, starts), np.diff(starts, append=len(second)))
    top = np.flatnonzero(similarity == highest)
    first: NDArray[np.intp] = top[np.append(True, second[top][1:] != second[top][:-1])]
    return first


def with_nearest(graph: Graph) -> Graph:
    """The graph with the most similar listed pair of each clip as its nearest, the first of equals.

    Args:
        graph: its pairs are in order; its `nearest` stays where a clip is second in no pair.
    """
    best = strongest(graph.second, graph.similarity)
    index, similarity = graph.nearest.index.copy(), graph.nearest.similarity.copy()
    index[graph.second[best]] = graph.first[best]
    similarity[graph.second[best]] = graph.similarity[best]
    return replace(graph, nearest=Nearest(index=index, similarity=similarity))


class Best:
    """The most similar earlier row of each of some rows, so far.

    Args:
        rows: int64 [k].

    Attributes:
        rows: as given.
    """

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self.rows = rows
        self._similarity, self._index = np.full(len(rows), -np.inf, np.float32), rows.copy()

    def keep(self, second: NDArray[np.intp], first: NDArray[np.integer], similarity: NDArray[np.float32]) -> None:
        """Look at more pairs: of equal ones that counts which comes first.

        Args:
            second: int [m], places among `rows`; those of one row stand together.
            first: int [m], rows.
            similarity: float32 [m].
        """
        top = strongest(second, similarity)
        top = top[similarity[top] > self._similarity[second[top]]]
        self._similarity[second[top]] = similarity[top]
        self._index[second[top]] = first[top]

    def write(self, nearest: Nearest, floor: float = -np.inf) -> None:
        """Fill in what has been found from a similarity on."""
        found = (self._similarity >= np.float32(floor)) & (self._similarity > -np.inf)
        nearest.index[self.rows[found]] = self._index[found]
        nearest.similarity[self.rows[found]] = self._similarity[found]
