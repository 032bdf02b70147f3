"""The nearest neighbours that a list of pairs holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.graph import Graph, Nearest


def nobody(n: int) -> Nearest:
    """Of each of n clips that it has no neighbour: the row itself at 0."""
    return Nearest(index=np.arange(n), similarity=np.zeros(n, np.float32))


def with_nearest(graph: Graph) -> Graph:
    """The graph with the most similar listed pair of each clip as its nearest, the first of equals.

    Args:
        graph: its pairs are in order; its `nearest` stays where a clip is second in no pair.
    """
    starts = np.flatnonzero(np.diff(graph.second, prepend=-1))
    if not len(starts):
        return graph
    highest = np.repeat(np.maximum.reduceat(graph.similarity, starts), np.diff(starts, append=len(graph.second)))
    best: NDArray[np.intp] = np.flatnonzero(graph.similarity == highest)[::-1]
    index, similarity = graph.nearest.index.copy(), graph.nearest.similarity.copy()
    index[graph.second[best]] = graph.first[best]  # written last to first: the first of equals stays
    similarity[graph.second[best]] = graph.similarity[best]
    return replace(graph, nearest=Nearest(index=index, similarity=similarity))
