from __future__ import annotations

import numpy as np
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.neighbours import clustered
from vidcurate.neighbours.clustered import Clustered
from vidcurate.neighbours.graph import Graph
from vidcurate.neighbours.together import ROWS, SMALL, batches, cost

SIZES = [1, 2, 3, 5, 8, 9, 31, 33, 63, 64, 65, 130, 300, SMALL, SMALL + 1]


def test_batches_hold_each_cluster_once_and_are_of_one_size_that_fits():
    sizes = np.random.default_rng(0).integers(1, SMALL + 1, 2000)
    ends = np.cumsum(sizes)
    clusters = [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    found = list(batches(clusters))

    starts = [int(rows[0]) for batch in found for rows in batch]
    assert sorted(starts) == [int(rows[0]) for rows in clusters if len(rows) > 1]
    for batch in found:
        side = (cost(batch) / len(batch)) ** 0.5
        assert max(map(len, batch)) <= side < 2 * min(map(len, batch)) + 63
        assert len(batch) * side <= ROWS


@pytest.mark.parametrize("dim", [2, 48])
@pytest.mark.parametrize("kind", ["fp32", "bf16"])
def test_clusters_together_are_compared_as_one_by_one(monkeypatch, dim, kind):
    rng = np.random.default_rng(dim)
    labels = rng.permutation(np.repeat(np.arange(2 * len(SIZES)), SIZES * 2))
    vectors = rng.normal(size=(len(labels), dim))
    copies = rng.permutation(len(labels))
    vectors[copies[:600]] = vectors[copies[600:1200]]  # within clusters, and across
    vectors[labels == len(SIZES) - 3] = vectors[0]  # nothing but copies
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    clusters, ranks = Clusters.of(vectors, labels), rng.permutation(len(labels))
    search = Clustered(floor=0.6, filter=kind).load("cpu")

    together = search(vectors, clusters, ranks)
    monkeypatch.setattr(clustered, "SMALL", 1)
    alone = search(vectors, clusters, ranks)

    assert listed(together) == listed(alone)
    check_nearest(together, vectors, labels, ranks)


def listed(graph: Graph) -> list[list[float]]:
    parts = graph.first, graph.second, graph.similarity, graph.nearest.index, graph.nearest.similarity
    return [part.tolist() for part in parts]


def check_nearest(graph: Graph, vectors: np.ndarray, labels: np.ndarray, ranks: np.ndarray) -> None:
    exact = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    exact[(labels[:, None] != labels) | (ranks >= ranks[:, None])] = -np.inf
    alone = np.isneginf(exact.max(axis=1))
    assert graph.nearest.index[alone].tolist() == np.flatnonzero(alone).tolist()
    others = ~alone
    assert graph.nearest.similarity[others] == pytest.approx(exact[others].max(axis=1), abs=3e-7)
    assert exact[others, graph.nearest.index[others]] == pytest.approx(exact[others].max(axis=1), abs=3e-7)
