"""K-means on unit vectors: only clips of one cluster are compared, so k trades time for duplicates that are missed.

Plain Euclidean k-means, as NeMo Curator runs it with RAFT: centroids are means and may be shorter than 1. Differences:
faiss starts from random rows where RAFT uses k-means||, hence the restarts; clusters that end empty are closed up.
"""

from __future__ import annotations

import importlib.util
import logging
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Cluster, Clusters, Fit, check_vectors
from vidcurate.errors import MissingExtra
from vidcurate.registry import Count, register

log = logging.getLogger(__name__)


@register
class KMeans(Cluster):
    """K-means by faiss.

    Attributes:
        k: clusters wanted; fewer come out where there are fewer distinct vectors.
        iterations: at most so many rounds; it ends earlier when nothing improves.
        restarts: starts from so many random choices, of which the tightest clustering is taken.
    """

    k: Count = 4
    iterations: Count = 100
    restarts: Count = 10

    def check(self) -> None:
        """Raise MissingExtra where faiss is not installed."""
        if importlib.util.find_spec("faiss") is None:
            raise MissingExtra("kmeans", package="faiss-cpu", extra="cpu")

    def load(self, device: str) -> Fit:
        """The function that groups; on `cuda` with every GPU that faiss sees, else on the CPU.

        Raises:
            MissingExtra: faiss is not installed.
        """
        self.check()
        logging.getLogger("faiss.loader").setLevel(logging.WARNING)  # it tells at length which CPU it is built for
        import faiss

        gpus = faiss.get_num_gpus() if device.startswith("cuda") else 0
        if device.startswith("cuda") and not gpus:
            log.info("kmeans: this faiss has no GPU; clustering on the CPU")
        return partial(_fit, settings=self, gpus=gpus)


def _fit(vectors: NDArray[np.float32], seed: int, *, settings: KMeans, gpus: int) -> Clusters:
    import faiss

    check_vectors(vectors)
    n, dim = vectors.shape
    kmeans = faiss.Kmeans(
        dim,
        min(settings.k, n),
        niter=settings.iterations,
        nredo=settings.restarts,
        seed=seed % 2**31,  # a C int
        min_points_per_centroid=1,  # fewer would be warned about on stderr
        max_points_per_centroid=n,  # more would be left out of the fit
        gpu=gpus,
    )
    kmeans.train(vectors)
    _, labels = kmeans.assign(vectors)
    return Clusters.of(vectors, labels)
