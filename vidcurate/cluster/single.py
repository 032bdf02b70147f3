"""One cluster of everything: every clip is compared with every other, and no duplicate is missed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Cluster, Clusters, Fit, check_vectors
from vidcurate.registry import register


@register
class Single(Cluster):
    """No grouping; comparing takes time in n squared."""

    def load(self, device: str) -> Fit:
        """The function that puts all vectors into cluster 0."""
        return _fit


def _fit(vectors: NDArray[np.float32], seed: int) -> Clusters:
    check_vectors(vectors)
    return Clusters.of(vectors, np.zeros(len(vectors), np.int32))
