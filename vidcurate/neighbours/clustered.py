"""Exact search within clusters: each clip against every clip of its cluster that would be kept before it.

Source: SemDeDup (arXiv:2303.09540) and its reference code: the maximum of each column above the diagonal of a
cluster's similarity matrix. Here the matrix exists only tile by tile. Difference: a cosine below 0 stays what it is
instead of becoming 0.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, check_vectors, members
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.graph import Collector, Graph, Nearest
from vidcurate.registry import register

TILE = 1024
"""Rows and columns that are multiplied at a time: a tile is 8 MiB in float64, and larger ones are no faster."""


@register
class Clustered(Neighbours):
    """All pairs within each cluster, none across."""

    def load(self, device: str) -> Search:
        """The function that searches; matrices are multiplied on `device`."""
        return partial(_search, settings=self, device=device)


def _search(
    vectors: NDArray[np.float32], clusters: Clusters, ranks: NDArray[np.int64], *, settings: Clustered, device: str
) -> Graph:
    check_vectors(vectors)
    nearest = Nearest(index=np.arange(len(vectors)), similarity=np.zeros(len(vectors), np.float32))
    pairs = Collector(settings.floor, settings.max_pairs)
    for rows in members(clusters.labels):
        _compare(vectors, rows[np.argsort(ranks[rows])], nearest, pairs, device)
    return pairs.graph(nearest, ranks)


def _compare(
    vectors: NDArray[np.float32], rows: NDArray[np.intp], nearest: Nearest, pairs: Collector, device: str
) -> None:
    """All pairs of rows in order of rank, tile by tile."""
    import torch

    best = np.full(len(rows), -np.inf, np.float32)
    unit = torch.from_numpy(vectors[rows])
    for top in range(0, len(rows), TILE):
        strip = slice(top, top + TILE)
        late = torch.nn.functional.normalize(unit[strip].to(device).double(), dim=1)
        for left in range(0, top + 1, TILE):
            early = torch.nn.functional.normalize(unit[left : left + TILE].to(device).double(), dim=1)
            cosines = (late @ early.T).float()
            if left == top:
                cosines.masked_fill_(torch.ones_like(cosines, dtype=torch.bool).triu(), -torch.inf)
            highest, column = (found.cpu().numpy() for found in cosines.max(dim=1))  # the first of equals
            better = highest > best[strip]
            best[strip][better] = highest[better]
            nearest.index[rows[strip][better]] = rows[left + column[better]]
            nearest.similarity[rows[strip][better]] = highest[better]
            seconds, firsts = (cosines >= pairs.floor).nonzero(as_tuple=True)
            pairs.add(
                rows[left + firsts.cpu().numpy()], rows[top + seconds.cpu().numpy()],
                cosines[seconds, firsts].cpu().numpy(),
            )  # fmt: skip
