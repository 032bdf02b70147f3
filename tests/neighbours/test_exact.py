from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcurate.cluster.base import Clusters
from vidcurate.model.device import inference, products
from vidcurate.neighbours import exact, tiles, trial
from vidcurate.neighbours.clustered import Clustered
from vidcurate.neighbours.exact import Exact
from vidcurate.neighbours.graph import Graph, cosines

FILTERS = ("auto", "fp32", "bf16", "int8", "prefix")


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def families(n: int, dim: int, seed: int, spread: float = 0.5) -> np.ndarray:
    """Rows about a few centres, some of them equal and some nearly so."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(max(1, n // 12), dim))[rng.integers(0, max(1, n // 12), n)]
    rows = rows + rng.uniform(0, spread, (n, 1)) * rng.normal(size=(n, dim))
    rows[rng.random(n) < 0.1] = rows[0]
    return unit(rows)


def whole(vectors: np.ndarray) -> Clusters:
    return Clusters(labels=np.zeros(len(vectors), np.int32), centroids=vectors[:1])


def search(vectors: np.ndarray, ranks: np.ndarray, **given) -> Graph:
    return Exact(**given).load("cpu")(vectors, whole(vectors), ranks)


def expected(vectors: np.ndarray, ranks: np.ndarray, floor: float) -> dict[str, list]:
    """By looking at every pair: what a graph holds."""
    order = np.argsort(ranks)
    late, early = np.tril_indices(len(vectors), -1)
    second, first = order[late], order[early]
    similarity = cosines(vectors, first, second)
    kept = similarity >= np.float32(floor)
    second, first, similarity = second[kept], first[kept], similarity[kept]
    index, highest = np.arange(len(vectors)), np.zeros(len(vectors), np.float32)
    for row, other, cosine in zip(second, first, similarity, strict=True):  # in order of rank
        if index[row] == row or cosine > highest[row]:
            index[row], highest[row] = other, cosine
    return {
        "first": first.tolist(), "second": second.tolist(), "similarity": similarity.tolist(),
        "index": index.tolist(), "highest": highest.tolist(),
    }  # fmt: skip


def held(graph: Graph) -> dict[str, list]:
    columns = graph.first, graph.second, graph.similarity, graph.nearest.index, graph.nearest.similarity
    names = "first", "second", "similarity", "index", "highest"
    return {name: column.tolist() for name, column in zip(names, columns, strict=True)}


@pytest.fixture(autouse=True)
def _soon(monkeypatch) -> None:
    """Axes are tried on few rows, too."""
    monkeypatch.setattr(trial, "FEW", 8)
    monkeypatch.setattr(trial, "WORTH", 32)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("dim", [3, 64, 200])
def test_every_filter_finds_what_a_look_at_every_pair_finds(name, dim):
    vectors = families(700, dim, seed=dim)
    ranks = np.random.default_rng(1).permutation(700)

    graph = search(vectors, ranks, filter=name)

    assert len(graph.first) > 1000
    assert held(graph) == expected(vectors, ranks, 0.7)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 60),
    dim=st.integers(1, 20),
    seed=st.integers(0, 1000),
    spread=st.sampled_from([0, 1e-4, 0.5, 3]),
    floor=st.sampled_from([-1, 0, 0.3, 0.9, 0.9999]),
    sizes=st.sampled_from([(1, 1, 1), (2, 4, 2), (5, 6, 3), (256, 2048, 256)]),
    name=st.sampled_from(FILTERS),
    threads=st.integers(1, 3),
)
def test_neither_tiles_nor_threads_nor_order_nor_filter_show(n, dim, seed, spread, floor, sizes, name, threads):
    import torch

    vectors = families(n, dim, seed, spread)
    ranks = np.random.default_rng(seed).permutation(n)
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        for word, size in zip(("STRIP", "WIDTH", "PATCH"), sizes, strict=True):
            patch.setattr(tiles, word, size)
        patch.setattr(exact, "STRIP", sizes[0])
        patch.setattr(tiles, "FEW", sizes[0])
        torch.set_num_threads(threads)
        try:
            graph = search(vectors, ranks, filter=name, floor=floor)
        finally:
            torch.set_num_threads(before)

    assert held(graph) == expected(vectors, ranks, floor)


@pytest.mark.parametrize("other", ["bf16", "prefix"])
def test_one_cluster_searched_in_full_holds_the_same_pairs_and_every_nearest(other):
    vectors = families(900, 32, seed=3)
    ranks = np.random.default_rng(2).permutation(900)

    alone, everywhere = (Clustered(filter=name).load("cpu")(vectors, whole(vectors), ranks) for name in ("fp32", other))

    assert held(alone) == held(everywhere)
    pairs = expected(vectors, ranks, 0.7)
    assert {name: held(alone)[name] for name in ("first", "second")} == {n: pairs[n] for n in ("first", "second")}
    assert alone.nearest.similarity.tolist() == expected(vectors, ranks, -1)["highest"]
    assert alone.nearest.index.tolist() == expected(vectors, ranks, -1)["index"]


def test_a_row_without_a_pair_has_itself_at_zero():
    graph = search(unit(np.array([[1, 0], [1, 1], [1, 0.1]])), np.arange(3), floor=0.9)

    assert graph.nearest.index.tolist() == [0, 1, 0]
    assert graph.nearest.similarity[:2].tolist() == [0, 0]


def test_thousands_of_near_copies_raise_the_floor_and_every_nearest_stays_exact_above_it():
    vectors = unit(np.random.default_rng(0).normal(size=(1, 48)) + np.random.default_rng(1).normal(0, 0.1, (1500, 48)))
    ranks = np.random.default_rng(2).permutation(1500)
    allowed = 50_000  # of 1.1 million

    graphs = [search(vectors, ranks, max_pairs=allowed, filter=name) for name in ("fp32", "prefix")]

    assert held(graphs[0]) == held(graphs[1])
    assert 49_000 < len(graphs[0].first) <= allowed
    assert held(graphs[0]) == expected(vectors, ranks, graphs[0].floor)


def test_a_trial_takes_axes_where_a_few_hold_the_length_and_none_where_they_do_not(monkeypatch):
    rng = np.random.default_rng(0)
    flat = unit(rng.normal(size=(3000, 256)))
    steep = unit(rng.normal(size=(3000, 256)) * np.where(np.arange(256) < 12, 1, 0.02))
    sizes = np.ones(3000)
    monkeypatch.setattr(trial, "_cost", lambda kind: 9.0)  # as where neither is multiplied fast

    with inference():
        chosen = [
            trial.choose(rows, sizes, np.arange(3000), floor, "auto", "cpu", basis=trial.filters.axes(rows))
            for rows, floor in ((flat, 0.2), (steep, 0.95))
        ]

    assert [one.name for one in chosen] == ["fp32", "prefix"]
    assert chosen[1].matrix.shape[1] < 33


@pytest.mark.parametrize("name", ["fp32", "bf16", "int8", "prefix"])
def test_a_bound_is_never_below_the_cosine(name):
    rows = np.concatenate([families(300, 40, seed=5), unit(np.eye(40))])  # rows of one large entry are cut by int8
    more = {"prefix": [trial.filters.axes(rows)[:8]], "bf16": ["cpu"]}.get(name, [])
    made = getattr(trial.filters, name)(rows, trial.filters.lengths(rows), *more)

    matrix = (made.matrix.bfloat16() if name == "bf16" else made.matrix).double()
    products = matrix @ matrix.T
    errors = np.zeros(len(rows)) if made.errors is None else made.errors.astype(np.float64)
    bound = made.scale * products.numpy() + made.slack + errors[:, None] + errors + np.outer(errors, errors)
    sized = rows.astype(np.float64) / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)

    assert (bound >= sized @ sized.T).all()


@pytest.mark.parametrize("count", [7, 600])
def test_products_that_this_processor_rounds_are_as_near_as_the_filter_says(count):
    rows = families(count, 512, seed=count)
    made = trial.filters.bf16(rows, trial.filters.lengths(rows), "cpu")

    with inference(), products(rounded=True):
        rounded = (made.matrix @ made.matrix.T).double().numpy()

    exact = rows.astype(np.float64) / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    assert np.abs(rounded - exact @ exact.T).max() < made.slack < 0.0041


def test_products_in_float32_are_as_near_as_the_filter_says_whatever_the_caller_has_told_torch():
    rows = families(600, 512, seed=1)
    made = trial.filters.fp32(rows, trial.filters.lengths(rows))

    with products(rounded=True), inference(), made.products():
        found = (made.matrix @ made.matrix.T).double().numpy()

    exact = rows.astype(np.float64) / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    assert np.abs(found - exact @ exact.T).max() < made.slack < 0.0001


@pytest.mark.gpu
def test_a_gpu_gives_the_answer_of_the_cpu():
    torch = pytest.importorskip("torch", reason="needs torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    vectors, ranks = families(3000, 64, seed=7), np.random.default_rng(3).permutation(3000)

    here, there = (Exact().load(device)(vectors, whole(vectors), ranks) for device in ("cpu", "cuda"))

    assert held(here) == held(there)
