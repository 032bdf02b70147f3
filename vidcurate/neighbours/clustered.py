"""Exact search within clusters: each clip against every clip of its cluster that would be kept before it.

Source: SemDeDup (arXiv:2303.09540) and its reference code: the maximum of each column above the diagonal of a
cluster's similarity matrix. Here the matrix exists only tile by tile. Difference: a cosine below 0 stays what it is
instead of becoming 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, check_vectors, members
from vidcurate.model.device import inference
from vidcurate.neighbours import filters, tiles, trial
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.best import nobody
from vidcurate.neighbours.earlier import STRIP, earlier
from vidcurate.neighbours.filters import Filter
from vidcurate.neighbours.graph import Collector, Graph, Nearest
from vidcurate.neighbours.spread import cores, spread
from vidcurate.neighbours.tiles import Ordered, compare
from vidcurate.neighbours.together import SMALL, batches, cost, together
from vidcurate.neighbours.units import units
from vidcurate.neighbours.verify import Task
from vidcurate.registry import register

SPAN = 8 * STRIP
"""Rows of a cluster that one job compares with earlier ones."""

SELDOM = 0.5
"""Share of clips without a pair at the floor from which on axes are not tried: these clips are compared in full."""


@register
class Clustered(Neighbours):
    """All pairs within each cluster, none across; of every clip the nearest, however far.

    Attributes:
        filter: what proposes pairs: fp32, bf16, prefix (a few principal axes; only in large clusters), or auto.
    """

    volatile: ClassVar[frozenset[str]] = Neighbours.volatile | {"filter"}
    by_cluster: ClassVar[bool] = True

    filter: Literal["auto", "fp32", "bf16", "prefix"] = "auto"

    def load(self, device: str) -> Search:
        """The function that searches; matrices are multiplied on `device`."""
        return partial(_search, settings=self, device=device)


def _search(
    vectors: NDArray[np.float32], clusters: Clusters, ranks: NDArray[np.int64], *, settings: Clustered, device: str
) -> Graph:
    check_vectors(vectors)
    sizes = filters.lengths(vectors)
    plain = filters.fp32(vectors, sizes)
    nearest = nobody(len(vectors))
    task = Task(
        vectors=vectors,
        sizes=sizes,
        slack=plain.slack,
        nearest=nearest,
        pairs=Collector(settings.floor, settings.max_pairs),
        device=device,
    )
    groups = [rows[np.argsort(ranks[rows])] for rows in members(clusters.labels)]
    threads = cores(device)
    with inference():
        chosen = _chosen(vectors, sizes, groups, settings, device)
        jobs = list(_jobs(task, nearest, groups, chosen, plain if chosen.name == "prefix" else chosen))

        def work(share: list[int]) -> None:
            for number in share:
                jobs[number].work()

        with chosen.products():
            for _ in spread(work, units([job.cost for job in jobs], 4 * threads), threads):
                pass
    return task.pairs.graph(nearest, ranks)


class _Job(NamedTuple):
    """Some rows that are compared with those before them.

    Attributes:
        cost: products that are made.
        work: compares them.
    """

    cost: int
    work: Callable[[], None]


def _jobs(task: Task, nearest: Nearest, groups: list[NDArray[np.intp]], chosen: Filter, full: Filter) -> Iterator[_Job]:
    """Batches of small clusters, and spans of large ones."""
    for batch in batches(rows for rows in groups if len(rows) <= SMALL):
        yield _Job(cost(batch), partial(together, task, full, batch))
    for rows in (rows for rows in groups if len(rows) > SMALL):
        for top in range(0, len(rows), SPAN):
            span = rows[: top + SPAN]
            products = len(span) * (len(span) - top)
            yield _Job(products, partial(_compare, task, nearest, span, top, chosen, full))


def _compare(task: Task, nearest: Nearest, rows: NDArray[np.intp], top: int, chosen: Filter, full: Filter) -> None:
    """The rows of a cluster from a place on; where prefix leaves one without neighbour, in full."""
    if chosen is full or len(rows) < trial.FEW:
        earlier(task, Ordered(full, rows, task.device), top)
        return
    compare(task, Ordered(chosen, rows, task.device), range(top, len(rows), tiles.STRIP))
    alone = nearest.index[rows] == rows
    if alone[top:].any():
        earlier(task, Ordered(full, rows, task.device), top, only=alone)


def _chosen(
    vectors: NDArray[np.float32],
    sizes: NDArray[np.float64],
    groups: list[NDArray[np.intp]],
    settings: Clustered,
    device: str,
) -> Filter:
    """The cheapest filter, by a trial on the largest cluster; prefix is only tried where clusters are large."""
    largest = max(groups, key=len)
    turns = trial.turns(settings.filter, sum(len(rows) ** 2 // 2 for rows in groups if len(rows) >= trial.FEW), device)
    if turns and settings.filter == "auto":
        turns = trial.alone(vectors, largest, settings.floor) < SELDOM
    basis = filters.axes(vectors) if turns else None
    return trial.choose(vectors, sizes, largest, settings.floor, settings.filter, device, every=True, basis=basis)
