"""Exact search within clusters: each clip against every clip of its cluster that would be kept before it.

Source: SemDeDup (arXiv:2303.09540) and its reference code: the maximum of each column above the diagonal of a
cluster's similarity matrix. Here the matrix exists only tile by tile. Differences: a cosine below 0 stays what it is
instead of becoming 0, and products are summed in float64 and rounded once to float32, so that equal vectors score
exactly 1 and neither the tiles nor the device show in the result; half the speed of float32.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import check_vectors, members
from vidcurate.neighbours.base import Nearest, Neighbours, Search
from vidcurate.registry import register

if TYPE_CHECKING:
    import torch

TILE = 1024
"""Rows and columns that are multiplied at a time: a tile is 8 MiB in float64, and larger ones are no faster."""


@register
class Clustered(Neighbours):
    """All pairs within each cluster, none across."""

    def load(self, device: str) -> Search:
        """The function that searches; matrices are multiplied on `device`."""
        return partial(_search, device=device)


def _search(
    vectors: NDArray[np.float32], labels: NDArray[np.int32], ranks: NDArray[np.int64], *, device: str
) -> Nearest:
    check_vectors(vectors)
    index = np.empty(len(vectors), np.int64)
    similarity = np.empty(len(vectors), np.float32)
    for rows in members(labels):
        ordered = rows[np.argsort(ranks[rows])]
        nearest, cosine = _nearest_earlier(vectors[ordered], device)
        index[ordered], similarity[ordered] = ordered[nearest], cosine
    return Nearest(index=index, similarity=similarity)


def _nearest_earlier(vectors: NDArray[np.float32], device: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each row the earlier row of highest cosine, the earliest of equals, and that cosine; row 0: itself, 0."""
    import torch

    rows = torch.from_numpy(vectors)
    nearest = torch.zeros(len(rows), dtype=torch.int64, device=device)
    best = torch.full((len(rows),), -torch.inf, device=device)
    for top in range(0, len(rows), TILE):
        strip = slice(top, top + TILE)
        late = _unit(rows[strip], device)
        for left in range(0, top + 1, TILE):
            cosines = (late @ _unit(rows[left : left + TILE], device).T).float()
            if left == top:
                cosines.masked_fill_(torch.ones_like(cosines, dtype=torch.bool).triu(), -torch.inf)
            highest, column = cosines.max(dim=1)  # the first of equals
            nearest[strip] = torch.where(highest > best[strip], left + column, nearest[strip])
            best[strip] = torch.maximum(highest, best[strip])
    best[:1] = 0
    return nearest.cpu().numpy(), best.cpu().numpy()


def _unit(rows: torch.Tensor, device: str) -> torch.Tensor:
    """Rows in float64, where their length is 1 to the last digit of float32."""
    import torch

    return torch.nn.functional.normalize(rows.to(device).double(), dim=1)
