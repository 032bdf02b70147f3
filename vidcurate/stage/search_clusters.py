"""Searches clusters on workers that are elsewhere: each reads the vectors of its share from the store.

The tables are those of a search in one process, for clusters are compared apart in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, members
from vidcurate.model.device import best_device
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.best import nobody
from vidcurate.neighbours.graph import Collector, Graph
from vidcurate.neighbours.units import units
from vidcurate.registry import loaded
from vidcurate.runtime.base import Runtime
from vidcurate.stage.cluster import stored_vectors
from vidcurate.store.files import Store

SHARES = 64
"""Into which clusters are divided, so that even the last ones keep many workers busy; one of them fits into memory."""
ROWS = 2**18
"""Clips of a share, about, beyond which there are more shares: 512 MiB at 512 dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portion:
    """What one worker searches at a time.

    Attributes:
        number: of the share.
        clusters: their numbers.
        places: for each, int32 [k]: places among its stored vectors of those that are compared, in order of rank.
    """

    number: int
    clusters: tuple[int, ...]
    places: tuple[NDArray[np.int32], ...]


def search_clusters(
    store: Store,
    clusters: Clusters,
    search: Neighbours,
    runtime: Runtime,
    rows: NDArray[np.int64],
    ranks: NDArray[np.int64],
) -> Graph:
    """What the search finds among some clips.

    Args:
        store: holds the vectors, cluster by cluster.
        clusters: of all n clips.
        search: compares each cluster by itself.
        runtime: maps over workers.
        rows: int64 [m], rising: which are compared.
        ranks: int64 [m], theirs, smaller is kept first.

    Returns:
        The graph, in which clips are counted as in `rows`.
    """
    place = np.empty(len(clusters.labels), np.int32)
    for own in members(clusters.labels):
        place[own] = np.arange(len(own))
    ordered = [own[np.argsort(ranks[own])] for own in members(clusters.labels[rows])]
    numbers = [number for number, own in enumerate(ordered) if len(own)]
    costs = [float(len(ordered[number])) ** 2 for number in numbers]
    shares = [[numbers[job] for job in jobs] for jobs in units(costs, max(SHARES, -(-len(rows) // ROWS)))]
    portions = (
        Portion(number=number, clusters=tuple(share), places=tuple(place[rows[ordered[own]]] for own in share))
        for number, share in enumerate(shares)
    )
    nearest, pairs = nobody(len(rows)), Collector(search.floor, search.max_pairs)
    for number, found in runtime.map(partial(_searched, out=store.url, search=search), portions):
        own = np.concatenate([ordered[cluster] for cluster in shares[number]])
        nearest.index[own], nearest.similarity[own] = own[found.nearest.index], found.nearest.similarity
        pairs.join(found, own)
    return pairs.graph(nearest, ranks)


def _searched(portion: Portion, *, out: str, search: Neighbours) -> tuple[int, Graph]:
    store = Store(out)
    vectors = [
        stored_vectors(store, number)[places] for number, places in zip(portion.clusters, portion.places, strict=True)
    ]
    matrix = np.concatenate(vectors)
    labels = np.repeat(np.arange(len(vectors)), [len(part) for part in vectors])
    find: Search = loaded(search, best_device())
    return portion.number, find(matrix, Clusters.of(matrix, labels), np.arange(len(matrix)))
