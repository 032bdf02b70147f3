"""Mini-batch k-means of scikit-learn: a round looks at some rows only, and it stops when rounds cease to help.

Sculley 2010, Web-scale k-means clustering, as sklearn.cluster.MiniBatchKMeans does it: Euclidean, and centroids that
attract next to nothing are moved. The start and the last assignment are those of the other k-means here.
"""

from __future__ import annotations

import importlib.util
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.centroids import KMeansCluster, Train
from vidcurate.errors import MissingExtra
from vidcurate.registry import Count, register


@register
class MiniBatch(KMeansCluster):
    """Mini-batch k-means by scikit-learn.

    Attributes:
        iterations: at most so many passes over the fitted rows.
        batch_rows: rows of a mini-batch.
    """

    iterations: Count = 30
    batch_rows: Count = 4096

    def check(self) -> None:
        """Raise MissingExtra where scikit-learn is not installed."""
        if importlib.util.find_spec("sklearn") is None:
            raise MissingExtra("minibatch", package="scikit-learn", extra="minibatch")

    def trainer(self, device: str) -> Train:
        """The function that improves centroids; on the CPU whatever the device."""
        return partial(_train, settings=self)


def _train(
    sample: NDArray[np.float32], start: NDArray[np.float32], seed: int, *, settings: MiniBatch
) -> NDArray[np.float32]:
    from sklearn.cluster import MiniBatchKMeans

    kmeans = MiniBatchKMeans(
        len(start),
        init=start,
        n_init=1,
        max_iter=settings.iterations,
        batch_size=settings.batch_rows,
        compute_labels=False,
        random_state=seed % 2**32,
    )
    return np.ascontiguousarray(kmeans.fit(sample).cluster_centers_, np.float32)
