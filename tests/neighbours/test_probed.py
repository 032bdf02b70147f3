from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.neighbours.brute import all_pairs, listed, topics, unit
from vidcurate.cluster.base import Clusters
from vidcurate.neighbours import cells as cells_module
from vidcurate.neighbours import products
from vidcurate.neighbours.cells import Cells
from vidcurate.neighbours.crossing import blocks, everything, work
from vidcurate.neighbours.probed import Probed, plan


def clusters_at(centroids: np.ndarray, vectors: np.ndarray) -> Clusters:
    """Clusters with given centroids; their labels are not asked for."""
    return Clusters(labels=np.zeros(len(vectors), np.int32), centroids=centroids.astype(np.float32))


@settings(max_examples=40, deadline=None)
@given(
    dim=st.sampled_from([2, 3, 8, 40]),
    count=st.integers(1, 12),
    spread=st.sampled_from([0.2, 0.6, 2.0]),
    floor=st.sampled_from([0.5, 0.9, 0.95, 0.999]),
    probes=st.integers(0, 2),
    length=st.sampled_from([1.0, 0.5, 0.05]),
    uneven=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_with_pruning_no_pair_is_missed(dim, count, spread, floor, probes, length, uneven, seed):
    rng = np.random.default_rng(seed)
    vectors, middles = topics(120, dim, count, spread, seed)
    if uneven:  # as rows that were stored in float16 are
        vectors *= rng.uniform(0.999, 1.001, (120, 1)).astype(np.float32)
    centroids = length * middles + 0.1 * rng.normal(size=middles.shape)
    ranks = rng.permutation(120)

    graph = Probed(prune=True, probes=probes, floor=floor).load("cpu")(vectors, clusters_at(centroids, vectors), ranks)

    assert listed(graph, ranks) == all_pairs(vectors, ranks, floor)


@settings(max_examples=30, deadline=None)
@given(
    dim=st.sampled_from([3, 16]),
    spread=st.sampled_from([0.2, 0.6]),
    probes=st.integers(0, 3),
    prune=st.sampled_from([False, "auto", True]),
    seed=st.integers(0, 1000),
)
def test_the_order_of_the_rows_is_irrelevant(dim, spread, probes, prune, seed):
    vectors, middles = topics(150, dim, 10, spread, seed)
    ranks = np.random.default_rng(seed).permutation(150)
    shuffled = np.random.default_rng(seed + 1).permutation(150)
    search = Probed(probes=probes, prune=prune, floor=0.9).load("cpu")

    straight = search(vectors, clusters_at(middles, vectors), ranks)
    mixed = search(vectors[shuffled], clusters_at(middles, vectors), ranks[shuffled])

    assert listed(mixed, ranks[shuffled]) == listed(straight, ranks)
    assert mixed.nearest.similarity.tolist() == straight.nearest.similarity[shuffled].tolist()


@settings(max_examples=30, deadline=None)
@given(probes=st.integers(0, 5), eps=st.sampled_from([0.0, 0.01, 0.1]), seed=st.integers(0, 1000))
def test_no_two_rows_are_compared_twice(probes, eps, seed):
    vectors, middles = topics(60, 4, 8, 0.6, seed)
    cells = Cells.of(vectors, middles, np.arange(60), probes, "cpu")

    seen = np.zeros((60, 60), int)
    for left, right in blocks(cells, cells.probed(), cells.within(cells.radius(eps))):
        both = np.ix_(left, left if right is None else right)
        seen[both] += np.tri(len(left), k=-1, dtype=int) if right is None else 1

    assert (seen + seen.T).max() == 1
    assert work(blocks(cells, cells.probed(), cells.within(cells.radius(eps)))) == seen.sum()


@pytest.fixture
def circle() -> tuple[np.ndarray, np.ndarray]:
    """Centroids at 0, 20 and 60 degrees; clips at 9, 11, 38 and 42."""
    angles = np.radians([9, 11, 38, 42, 0, 20, 60])
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return unit(points[:4]), points[4:]


def pairs(vectors, centroids, **options) -> set[tuple[int, int]]:
    graph = Probed(floor=0.5, **options).load("cpu")(vectors, clusters_at(centroids, vectors), np.arange(len(vectors)))
    return set(zip(graph.first.tolist(), graph.second.tolist(), strict=True))


def test_without_probes_only_a_cell_is_compared(circle):
    assert pairs(*circle, probes=0, prune=False) == {(1, 2)}  # both nearest to 20 degrees


def test_a_pair_is_found_where_either_probes_the_other(circle):
    found = pairs(*circle, probes=1, prune=False)

    assert (1, 3) in found  # 42 probes 20 degrees, though 11 probes 0
    assert (0, 3) not in found  # 9 probes 20, and 42 probes 20
    assert found == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)}


def test_clusters_whose_labels_lag_behind_their_centroids_miss_nothing():
    vectors, middles = topics(200, 6, 8, 0.6, seed=3)
    wrong = np.random.default_rng(3).integers(0, 8, 200).astype(np.int32)
    ranks = np.arange(200)

    found = [
        Probed(probes=0, prune=True, floor=0.95).load("cpu")(vectors, Clusters(labels=labels, centroids=middles), ranks)
        for labels in (wrong, np.zeros(200, np.int32))
    ]

    assert listed(found[0], ranks) == listed(found[1], ranks) == all_pairs(vectors, ranks, 0.95)


@pytest.mark.parametrize("seed", range(3))
def test_auto_misses_nothing_up_to_the_epsilon_that_it_names(seed):
    vectors, middles = topics(600, 8, 40, 0.3, seed)
    search = Probed(probes=0, floor=0.5)
    ranks = np.arange(600)
    cells = Cells.of(vectors, middles, ranks, 0, "cpu")

    compared, exact = plan(search, cells)
    found = listed(search.load("cpu")(vectors, clusters_at(middles, vectors), ranks), ranks)

    every = all_pairs(vectors, ranks, 0.5)
    assert 0.001 < exact < 0.5
    assert work(compared) < 0.25 * 600 * 599 / 2
    assert {pair for pair in every if pair[2] >= 1 - exact} <= found < every


def test_auto_prunes_down_to_the_floor_where_that_is_cheap(caplog):
    vectors, middles = topics(600, 32, 40, 0.3, seed=0)

    with caplog.at_level(logging.INFO):
        Probed(floor=0.99).load("cpu")(vectors, clusters_at(middles, vectors), np.arange(600))

    assert "600 clips, each against its cell of 40 and the next 4; no pair is missed up to epsilon 0.01" in caplog.text


def test_pruning_that_leaves_out_nothing_says_so_and_compares_everything(caplog):
    vectors, middles = topics(100, 8, 5, 2.0, seed=0)
    cells = Cells.of(vectors, middles, np.arange(100), 0, "cpu")

    compared, exact = plan(Probed(probes=0, prune=True), cells)

    assert exact == pytest.approx(0.3)
    assert work(compared) == work(everything(cells)) == 100 * 99 // 2
    assert "next to nothing" in caplog.text


def test_tiles_and_batches_and_threads_do_not_show(monkeypatch):
    vectors, middles = topics(300, 12, 6, 0.6, seed=1)
    ranks = np.random.default_rng(1).permutation(300)
    search = Probed(probes=1, prune="auto", floor=0.8).load("cpu")
    before = search(vectors, clusters_at(middles, vectors), ranks)

    monkeypatch.setattr(products, "TILE", 7)
    monkeypatch.setattr(products, "BATCH", 100)
    monkeypatch.setattr(cells_module, "BLOCK", 11)
    monkeypatch.setattr("vidcurate.neighbours.probed.cores", lambda device: 3)
    after = search(vectors, clusters_at(middles, vectors), ranks)

    assert len(before.first) > 300
    assert listed(after, ranks) == listed(before, ranks)


def test_where_pairs_do_not_fit_the_most_similar_stay():
    vectors, middles = topics(200, 4, 6, 0.6, seed=2)
    ranks = np.arange(200)

    graph = Probed(prune=True, floor=0.5, max_pairs=100).load("cpu")(vectors, clusters_at(middles, vectors), ranks)

    assert graph.floor > 0.9
    assert listed(graph, ranks) == all_pairs(vectors, ranks, graph.floor)
    assert len(graph.first) == 100


def test_vectors_that_may_not_be_written_are_read():
    vectors, middles = topics(50, 4, 3, 0.6, seed=2)
    vectors.setflags(write=False)

    graph = Probed().load("cpu")(vectors, clusters_at(middles, vectors), np.arange(50))

    assert listed(graph, np.arange(50)) == all_pairs(vectors, np.arange(50), 0.7)


@pytest.mark.gpu
def test_a_gpu_finds_what_the_cpu_finds():
    torch = pytest.importorskip("torch", reason="needs torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    vectors, middles = topics(3000, 64, 30, 0.6, seed=0)
    ranks = np.arange(3000)

    here, there = (
        listed(Probed(prune=True, floor=0.95).load(device)(vectors, clusters_at(middles, vectors), ranks), ranks)
        for device in ("cpu", "cuda")
    )

    assert there == here
