"""Search in a graph of near clips: its cost hardly grows with their number, but it lists only a few neighbours of each.

Source: Malkov and Yashunin, arXiv:1603.09320, by faiss. It is built by one thread, since with several the links depend
on who comes first; asking uses all. faiss has it on the CPU only.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, check_vectors
from vidcurate.model.faiss import require
from vidcurate.neighbours.approximate import blocks, graph_of
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.graph import Graph
from vidcurate.registry import Count, register

log = logging.getLogger(__name__)


@register
class HNSW(Neighbours):
    """The k nearest of each clip, most of them; a clip without any from the floor up has itself, at 0, as its nearest.

    Attributes:
        k: neighbours listed per clip; faiss cannot list all from the floor up.
        links: of a clip on each level.
        building: candidates that are kept in mind while a clip is linked.
        searching: candidates that are kept in mind while neighbours are sought; no fewer than k.
    """

    needs_clusters: ClassVar[bool] = False

    k: Count = 64
    links: Count = 32
    building: Count = 64
    searching: Count = 128

    def check(self) -> None:
        """Raise MissingExtra where faiss is not installed."""
        require("hnsw")

    def load(self, device: str) -> Search:
        """The function that searches, on the CPU.

        Raises:
            MissingExtra: faiss is not installed.
        """
        self.check()
        return partial(_search, settings=self)


def _search(vectors: NDArray[np.float32], clusters: Clusters, ranks: NDArray[np.int64], *, settings: HNSW) -> Graph:
    check_vectors(vectors)
    log.info("hnsw: %d clips, each with the %d nearest of those that are found", len(vectors), settings.k)
    index = _index(vectors, np.argsort(ranks), settings)
    index.hnsw.efSearch = max(settings.searching, settings.k + 1)
    return graph_of(index, vectors, ranks, settings.k, settings)


def _index(vectors: NDArray[np.float32], order: NDArray[np.intp], settings: HNSW) -> Any:
    import faiss

    index = faiss.IndexHNSWFlat(vectors.shape[1], settings.links, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = settings.building
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        for block in blocks(vectors, order):
            index.add(block)
    finally:
        faiss.omp_set_num_threads(threads)
    return index
