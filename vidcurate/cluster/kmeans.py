"""K-means on unit vectors: only clips of one cluster are compared, so k trades time for duplicates that are missed.

`l2` is plain Euclidean k-means, as NeMo Curator runs it with RAFT: centroids are means and may be shorter than 1.
`cosine` is spherical k-means (Dhillon and Modha 2001): centroids are brought to unit length after every round.
Differences to RAFT: the start is rows at random, not k-means||, hence the restarts; clusters that end empty are closed
up; the centroids may be fitted to a sample.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.centroids import KMeansCluster, Train
from vidcurate.model.faiss import gpus, require
from vidcurate.registry import Count, register


@register
class KMeans(KMeansCluster):
    """K-means by faiss.

    Attributes:
        metric: `l2`, or `cosine`, whose centroids have unit length.
        iterations: at most so many rounds; it ends earlier when nothing improves.
    """

    version: ClassVar[int] = 2

    metric: Literal["l2", "cosine"] = "l2"
    iterations: Count = 30

    def check(self) -> None:
        """Raise MissingExtra where faiss is not installed."""
        require(self.name)

    def trainer(self, device: str) -> Train:
        """The function that improves centroids; on `cuda` with every GPU that faiss sees, else on the CPU."""
        return partial(_train, settings=self, gpus=gpus(self.name, device))


def _train(
    sample: NDArray[np.float32], start: NDArray[np.float32], seed: int, *, settings: KMeans, gpus: int
) -> NDArray[np.float32]:
    import faiss

    kmeans = faiss.Kmeans(
        sample.shape[1],
        len(start),
        niter=settings.iterations,
        spherical=settings.metric == "cosine",
        seed=seed % 2**31,  # a C int
        min_points_per_centroid=1,  # fewer would be warned about on stderr
        max_points_per_centroid=len(sample),  # more would be left out of the fit
        gpu=gpus,
    )
    kmeans.train(sample, init_centroids=start)
    return np.asarray(kmeans.centroids, np.float32)
