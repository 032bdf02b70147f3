"""Search by an inverted file: each clip is compared with the lists nearest to it; for more clips than fit elsewhere.

The lists are k-means cells of its own, fitted to a sample. Source: faiss IndexIVFFlat (Douze et al., arXiv:2401.08281).
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, check_vectors
from vidcurate.model.faiss import gpus, require
from vidcurate.neighbours.approximate import blocks, graph_of
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.graph import Graph
from vidcurate.registry import Count, register

log = logging.getLogger(__name__)

TRAINING = 64
"""Rows per list that the lists are fitted to."""
GPU_K = 1024
"""Neighbours that a GPU lists where all were asked for."""
GPU_MOST = 2047
"""Neighbours, besides a clip itself, that a GPU can list."""


@register
class IVF(Neighbours):
    """Most pairs; a clip without any has itself, at 0, as its nearest.

    Attributes:
        lists: cells; None for the square root of the number of clips.
        probes: lists that each clip is compared with.
        k: neighbours listed per clip; None for all from the floor up.
    """

    needs_clusters: ClassVar[bool] = False

    lists: Count | None = None
    probes: Count = 8
    k: Count | None = None

    def check(self) -> None:
        """Raise MissingExtra where faiss is not installed."""
        require("ivf")

    def load(self, device: str) -> Search:
        """The function that searches; on `cuda` with every GPU that faiss sees, else on the CPU.

        Raises:
            MissingExtra: faiss is not installed.
        """
        self.check()
        return partial(_search, settings=self, gpu=gpus("ivf", device) > 0)


def _search(
    vectors: NDArray[np.float32], clusters: Clusters, ranks: NDArray[np.int64], *, settings: IVF, gpu: bool
) -> Graph:
    import faiss

    check_vectors(vectors)
    lists = min(settings.lists or round(len(vectors) ** 0.5), len(vectors))
    probes = min(settings.probes, lists)
    log.info("ivf: %d clips, each against %d of %d lists; pairs across others are missed", len(vectors), probes, lists)
    index = _index(vectors, np.argsort(ranks), lists, gpu)
    (faiss.GpuParameterSpace() if gpu else faiss.ParameterSpace()).set_index_parameter(index, "nprobe", probes)
    k = min(settings.k or GPU_K, GPU_MOST) if gpu else settings.k
    return graph_of(index, vectors, ranks, k, settings)


def _index(vectors: NDArray[np.float32], order: NDArray[np.intp], lists: int, gpu: bool) -> Any:
    import faiss

    dim = vectors.shape[1]
    index: Any = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical = True
    index.cp.min_points_per_centroid = 1  # fewer would be warned about on stderr
    if gpu:
        index = faiss.index_cpu_to_all_gpus(index)
    chosen = np.unique(np.linspace(0, len(order) - 1, TRAINING * lists).astype(np.int64))
    index.train(vectors[order[chosen]])
    for block in blocks(vectors, order):
        index.add(block)
    return index
