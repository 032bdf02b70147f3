"""What a search compares, where its findings go, and the similarity of pairs that a filter has proposed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.graph import Collector, Nearest, cosines

DENSE = 1 / 32
"""Share of proposed pairs in a matrix from which on multiplying all of it costs less than gathering them."""
FEW = 64
"""Pairs up to which gathering them is always cheaper; that many are gathered at a time, as more would be new memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What is compared, and where findings go; threads may share one, for each row is written by one of them.

    Attributes:
        vectors: float32 [n, dim], unit rows.
        sizes: float64 [n], their lengths.
        pairs: found so far.
        slack: by which a product in float32 may differ from a cosine.
        nearest: found so far, filled in place, where rows come in order of rank; None where they do not.
        device: where tiles are multiplied.
        lock: guards `pairs`.
    """

    vectors: NDArray[np.float32]
    sizes: NDArray[np.float64]
    pairs: Collector
    slack: float
    nearest: Nearest | None = None
    device: str
    lock: threading.Lock = field(default_factory=threading.Lock)

    def floor(self) -> float:
        """Least cosine that rounds to one that is kept."""
        return float(np.float32(self.pairs.floor)) - 2.0**-24

    def add(self, first: NDArray[np.int64], second: NDArray[np.int64], similarity: NDArray[np.float32]) -> None:
        """Take those of some pairs of rows that reach the floor."""
        kept = similarity >= np.float32(self.pairs.floor)
        if kept.any():
            with self.lock:
                self.pairs.add(first[kept], second[kept], similarity[kept])

    def similarity(
        self, left: NDArray[np.integer], right: NDArray[np.integer], products: NDArray[np.floating] | None = None
    ) -> NDArray[np.float32]:
        """What `cosines` gives: from any sum in float64, unless that is too close to the edge between two float32.

        Args:
            left: int [m], rows.
            right: int [m], rows.
            products: float64 [m], sums that are there already.
        """
        if products is None:
            products = self._products(left, right)
        exact = products / (self.sizes[left] * self.sizes[right])
        doubt = 8 * (self.vectors.shape[1] + 8) * 2.0**-53
        similarity: NDArray[np.float32] = exact.astype(np.float32)
        unsure = np.flatnonzero((exact - doubt).astype(np.float32) != (exact + doubt).astype(np.float32))
        if len(unsure):
            similarity[unsure] = cosines(self.vectors, left[unsure], right[unsure])
        np.clip(similarity, -1, 1, out=similarity)
        return similarity

    def matrix(self, late: NDArray[np.integer], early: NDArray[np.integer], double: bool) -> NDArray[np.floating]:
        """Products of some rows with others, [late, early]."""
        import torch

        sides = (torch.from_numpy(self.vectors[rows]).to(self.device) for rows in (late, early))
        left, right = (side.double() if double else side for side in sides)
        product: NDArray[np.floating] = (left @ right.T).cpu().numpy()
        return product

    def _products(self, left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.float64]:
        found = np.empty(len(left))
        for at in range(0, len(left), FEW):
            part = slice(at, at + FEW)
            rows, others = (self.vectors.take(side[part], axis=0).astype(np.float64) for side in (left, right))
            np.vecdot(rows, others, out=found[part])
        return found
