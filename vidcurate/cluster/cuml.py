"""K-means of RAPIDS cuML on an Nvidia GPU: the k-means of NeMo Curator, but for the start and the sample.

Its sums are added in no fixed order, so that clusters may differ in borderline rows from run to run. Not yet run on a
GPU by us.
"""

from __future__ import annotations

import importlib.util
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.centroids import KMeansCluster, Train
from vidcurate.errors import ConfigError, MissingExtra
from vidcurate.registry import Count, Positive, register


@register
class CuML(KMeansCluster):
    """K-means by cuML.

    Attributes:
        iterations: at most so many rounds.
        tolerance: rounds end when the centroids move less than this.
        batch_rows: rows whose distances are held at a time, k numbers each.
    """

    iterations: Count = 300
    tolerance: Positive = 1e-4
    batch_rows: Count = 32_768

    def check(self) -> None:
        """Ask for the package, then for a GPU.

        Raises:
            MissingExtra: cuML is not installed.
            ConfigError: there is no GPU that torch can use.
        """
        if importlib.util.find_spec("cuml") is None:
            raise MissingExtra("cuml", package="cuml-cu13", extra="gpu")
        import torch

        if not torch.cuda.is_available():
            raise ConfigError(["cluster=cuml needs an Nvidia GPU, and torch sees none; choose cluster=kmeans"])

    def trainer(self, device: str) -> Train:
        """The function that improves centroids."""
        return partial(_train, settings=self)


def _train(
    sample: NDArray[np.float32], start: NDArray[np.float32], seed: int, *, settings: CuML
) -> NDArray[np.float32]:
    from cuml.cluster import KMeans

    kmeans = KMeans(
        n_clusters=len(start),
        init=start,
        n_init=1,
        max_iter=settings.iterations,
        tol=settings.tolerance,
        max_samples_per_batch=settings.batch_rows,
        random_state=seed % 2**31,  # a C int
        output_type="numpy",
    )
    return np.ascontiguousarray(kmeans.fit(sample).cluster_centers_, np.float32)
