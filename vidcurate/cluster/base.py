"""What a cluster algorithm is: it groups vectors so that likely duplicates meet in the same group."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ShapeError
from vidcurate.registry import Component, settings

BLOCK = 8192
"""Rows that are copied at a time: a cluster may be all there is, and the vectors may fill half the memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """A grouping of n vectors into k clusters.

    Attributes:
        labels: int32 [n], cluster of each vector, in [0, k); no cluster is empty.
        centroids: float32 [k, dim], means of the members, not normalised.
    """

    labels: NDArray[np.int32]
    centroids: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.float32], labels: NDArray[np.integer]) -> Clusters:
        """Clusters of vectors by any labels: empty ones are closed up, centroids are the means."""
        dense = np.unique(labels, return_inverse=True)[1].astype(np.int32)
        means = [_mean(vectors, rows) for rows in members(dense)]
        return cls(labels=dense, centroids=np.stack(means))

    def among(self, rows: NDArray[np.integer]) -> Clusters:
        """The clusters of some of the vectors; those without a member among them are closed up."""
        used, labels = np.unique(self.labels[rows], return_inverse=True)
        return Clusters(labels=labels.astype(np.int32), centroids=self.centroids[used])

    def distances(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosine distance of each vector to its centroid.

        Args:
            vectors: float32 [n, dim], unit rows, those that were grouped.

        Returns:
            float32 [n] in [0, 2]; 1 where the centroid is the zero vector, which has no direction.
        """
        distances = np.empty(len(vectors), np.float32)
        for centroid, rows in zip(self.centroids.astype(np.float64), members(self.labels), strict=True):
            unit = centroid / max(np.linalg.norm(centroid), 1e-12)
            for block in blocks(rows):
                cosines = np.einsum("ij,j->i", vectors[block], unit, dtype=np.float64)
                distances[block] = 1.0 - np.clip(cosines, -1.0, 1.0)
        return distances


def check_vectors(vectors: NDArray[np.float32]) -> None:
    """Raise ShapeError unless vectors are float32 [n, dim] with n >= 1."""
    if vectors.ndim != 2 or vectors.dtype != np.float32 or not len(vectors):
        raise ShapeError(f"vectors must be float32 [n, dim] with n >= 1; got {vectors.dtype} {vectors.shape}")


def members(labels: NDArray[np.integer]) -> list[NDArray[np.intp]]:
    """Rows of each cluster, rising, by number of the cluster."""
    return np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1])


def blocks(rows: NDArray[np.intp], size: int = BLOCK) -> Iterator[NDArray[np.intp]]:
    """Rows in pieces of at most `size`."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _mean(vectors: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float32]:
    total = np.zeros(vectors.shape[1])
    for block in blocks(rows):
        total += vectors[block].sum(axis=0, dtype=np.float64)
    return (total / len(rows)).astype(np.float32)


Fit = Callable[[NDArray[np.float32], int], Clusters]
"""(float32 [n, dim] unit rows with n >= 1, seed) -> clusters; equal arguments give equal clusters."""


@settings
class Cluster(Component):
    """How vectors are grouped."""

    kind: ClassVar[str] = "cluster"

    @abstractmethod
    def load(self, device: str) -> Fit:
        """The function that groups."""
