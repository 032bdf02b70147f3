"""The nearest row of another matrix, exactly, in flat memory: products in float32 propose, those of `cosines` decide.

A dot product of unit vectors of d numbers that is summed in float32, in whatever order, is off by no more than about
d * 2^-24 (Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 3.1). Whoever is nearer than the best
so far is therefore among those whose product comes within twice that of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.graph import cosines

ROWS, COLUMNS = 4096, 4096
"""Of a tile: 64 MiB of float32."""
PATCH = 256
"""Columns of a tile that are looked at, or passed over, together."""


def nearest_across(
    vectors: NDArray[np.float32], others: NDArray[np.float32], device: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The most similar row of `others` for each of `vectors`; of equally similar ones the first.

    Args:
        vectors: float32 [n, dim], rows of unit length.
        others: float32 [k, dim], likewise, k at least 1.
        device: where matrices are multiplied.

    Returns:
        int64 [n], rows of `others`, and float32 [n], their cosines; neither depends on tiles or devices.
    """
    import torch

    nearest, similarity = np.zeros(len(vectors), np.int64), np.full(len(vectors), -np.inf, np.float32)
    slack = 2 * error_bound(vectors.shape[1])
    memory = torch.empty(min(ROWS, len(vectors)) * min(COLUMNS, len(others)), device=device)  # anew, it costs a fifth
    for top in range(0, len(vectors), ROWS):
        rows = slice(top, top + ROWS)
        left = torch.from_numpy(vectors[rows]).to(device)
        best, found = similarity[rows], nearest[rows]
        for start in range(0, len(others), COLUMNS):
            right = torch.from_numpy(others[start : start + COLUMNS]).to(device)
            width = PATCH if len(right) % PATCH == 0 else len(right)
            tile = memory[: len(left) * len(right)].view(len(left), len(right))
            patches = torch.mm(left, right.T, out=tile).view(len(left), -1, width)
            highest = patches.amax(dim=2)
            bar = torch.maximum(highest.amax(dim=1), torch.from_numpy(best).to(device)) - slack
            row, patch = torch.nonzero(highest >= bar[:, None]).T
            at, place = torch.nonzero(patches[row, patch] >= bar[row, None]).T
            column = (start + patch[at] * width + place).cpu().numpy()
            row = row[at].cpu().numpy()
            exact = cosines(vectors[rows], row, column, others)
            order = np.lexsort((column, -exact, row))
            first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
            first = first[exact[first] > best[row[first]]]
            best[row[first]], found[row[first]] = exact[first], column[first]
    return nearest, similarity


def error_bound(dim: int) -> float:
    """By how much a product of unit vectors summed in float32 may differ from `cosines`, their rounding included."""
    return float((dim + 8) * 2.0**-24 * 1.01)
