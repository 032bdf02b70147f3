"""K-means that splits whatever is larger than `max_size` again: comparing costs no more than n x max_size.

One k-means over many clips leaves some clusters many times larger than others, and comparing takes the square of the
size. Splitting 64 ways at a time also needs fewer comparisons with centroids than n x k.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Cluster, Clusters, Fit, check_vectors, members
from vidcurate.cluster.centroids import Train, parts, row_keys
from vidcurate.cluster.kmeans import KMeans
from vidcurate.registry import Count, register

BRANCHES = 64
"""Clusters that one is split into, at most."""
DEPTH = 8
"""Splits of a split: vectors that differ by a rounding may come off one at a time, and are better compared anyway."""


@register
class Hierarchical(Cluster):
    """K-means by faiss, cluster by cluster, until all are small.

    Attributes:
        max_size: clusters of more vectors are split; only those that are equal, or nearly so, stay together beyond it.
        metric: as in `kmeans`.
        fit_rows: centroids of a split are fitted to at most so many distinct vectors.
        iterations: as in `kmeans`.
    """

    max_size: Count = 2000
    metric: Literal["l2", "cosine"] = "l2"
    fit_rows: Count = 50_000
    iterations: Count = 30

    def check(self) -> None:
        """Raise MissingExtra where faiss is not installed."""
        self._kmeans.check()

    def load(self, device: str) -> Fit:
        """The function that groups; raises MissingExtra as `check`."""
        self.check()
        return partial(_fit, settings=self, kmeans=self._kmeans, train=self._kmeans.trainer(device), device=device)

    @property
    def _kmeans(self) -> KMeans:
        return KMeans(metric=self.metric, fit_rows=self.fit_rows, iterations=self.iterations, restarts=1)


def _fit(
    vectors: NDArray[np.float32], seed: int, *, settings: Hierarchical, kmeans: KMeans, train: Train, device: str
) -> Clusters:
    check_vectors(vectors)
    keys = row_keys(vectors, seed)
    split = partial(parts, vectors, keys, seed=seed, settings=kmeans, train=train, device=device)
    labels = np.empty(len(vectors), np.int64)
    waiting, done = [(np.arange(len(vectors)), 0)], 0
    while waiting:
        rows, depth = waiting.pop()
        if len(rows) <= settings.max_size or depth == DEPTH or (keys[rows] == keys[rows[0]]).all():
            labels[rows] = done
            done += 1
            continue
        k = min(BRANCHES, -(-2 * len(rows) // settings.max_size))  # half full on average: few need another split
        waiting += [(rows[part], depth + 1) for part in members(split(rows, k)) if len(part)]
    return Clusters.of(vectors, labels)
