"""Puts similar rows beside each other, so that most tiles of an all-pairs search hold nothing worth a look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AXES, GROUP, MOST, ROUNDS = 64, 256, 256, 4
"""Axes that are looked at, rows of a group aimed at, groups at most, and rounds of k-means on a sample."""


def beside(vectors: NDArray[np.float32], basis: NDArray[np.float32]) -> NDArray[np.int64]:
    """An order of rows in which similar ones are near each other.

    Args:
        vectors: float32 [n, dim].
        basis: float32 [dim, dim], principal axes, the longest first.

    Returns:
        int64 [n], a permutation. Results must not depend on it.
    """
    import torch

    turn = torch.from_numpy(basis[:AXES]).T
    groups = min(MOST, max(1, len(vectors) // GROUP))
    rng = np.random.default_rng(0)
    sample = torch.from_numpy(vectors[rng.permutation(len(vectors))[: 16 * groups]]) @ turn
    centres = sample[:groups]
    for _ in range(ROUNDS):
        labels = (sample @ centres.T).argmax(dim=1)
        centres = torch.nn.functional.normalize(torch.zeros_like(centres).index_add_(0, labels, sample), dim=1)
    place = _chain((centres @ centres.T).numpy())
    found = np.empty(len(vectors), np.int64)
    for at in range(0, len(vectors), 4096):
        turned = torch.from_numpy(vectors[at : at + 4096]) @ turn
        found[at : at + 4096] = place[(turned @ centres.T).argmax(dim=1).numpy()]
    return np.argsort(found, kind="stable")


def _chain(likeness: NDArray[np.float32]) -> NDArray[np.int64]:
    """Place of each centre on a path that always goes on to the nearest one left; `likeness` is used up."""
    place = np.empty(len(likeness), np.int64)
    here = 0
    for step in range(len(likeness)):
        place[here] = step
        likeness[:, here] = -np.inf
        here = int(likeness[here].argmax())
    return place
