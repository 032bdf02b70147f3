"""Exact search: each clip against every clip that would be kept before it, without clusters.

A filter bounds the cosine of every pair from above; those that reach the floor are multiplied in float64. No matrix
larger than a tile ever exists, and nothing is missed: whatever filter, tile and number of threads, the pairs are the
same.

Source: blocked product over the lower triangle; partial inner products with Cauchy-Schwarz for the rest as in LEMP
(Teflioudi et al. 2015), along principal axes.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, check_vectors
from vidcurate.model.device import inference
from vidcurate.neighbours import filters, trial
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.best import nobody, with_nearest
from vidcurate.neighbours.graph import Collector, Graph
from vidcurate.neighbours.locality import beside
from vidcurate.neighbours.spread import cores, spread
from vidcurate.neighbours.tiles import STRIP, Ordered, compare
from vidcurate.neighbours.units import units
from vidcurate.neighbours.verify import Task
from vidcurate.registry import register

log = logging.getLogger(__name__)


@register
class Exact(Neighbours):
    """All pairs from the floor up. A clip without any has itself, at 0, as its nearest.

    Attributes:
        filter: what proposes pairs: fp32, bf16, int8, prefix (a few principal axes), or auto, which tries them.
    """

    needs_clusters: ClassVar[bool] = False
    exact: ClassVar[bool] = True
    volatile: ClassVar[frozenset[str]] = Neighbours.volatile | {"filter"}

    filter: trial.Name = "auto"

    def load(self, device: str) -> Search:
        """The function that searches; matrices are multiplied on `device`."""
        return partial(_search, settings=self, device=device)


def prepared(
    vectors: NDArray[np.float32], ranks: NDArray[np.int64], settings: Exact, device: str
) -> tuple[Task, Ordered, range]:
    """What `compare` takes: any part of the range may be compared by itself, in any order, with one result.

    Args:
        vectors: float32 [n, dim], unit rows.
        ranks: int64 [n], smaller is kept first.
        settings: of the search.
        device: where tiles are multiplied.
    """
    check_vectors(vectors)
    sizes = filters.lengths(vectors)
    slack = filters.fp32(vectors, sizes).slack
    pairs = Collector(settings.floor, settings.max_pairs)
    task = Task(vectors=vectors, sizes=sizes, slack=slack, pairs=pairs, device=device)
    basis = filters.axes(vectors) if trial.turns(settings.filter, len(vectors) ** 2 // 2, device) else None
    rows = np.argsort(ranks) if basis is None else beside(vectors, basis)
    chosen = trial.choose(vectors, sizes, rows, settings.floor, settings.filter, device, basis=basis)
    log.debug("exact: %d clips, filter %s of %d numbers", len(vectors), chosen.name, chosen.matrix.shape[1])
    return task, Ordered(chosen, rows, device), range(0, len(rows), STRIP)


def _search(
    vectors: NDArray[np.float32], clusters: Clusters, ranks: NDArray[np.int64], *, settings: Exact, device: str
) -> Graph:
    threads = cores(device)
    with inference():
        task, ordered, tops = prepared(vectors, ranks, settings, device)

        def work(strips: list[int]) -> None:
            for strip in strips:
                compare(task, ordered, tops[strip : strip + 1])

        with ordered.filter.products():
            for _ in spread(work, units([top + STRIP for top in tops], 4 * threads), threads):
                pass
    return with_nearest(task.pairs.graph(nobody(len(vectors)), ranks))
