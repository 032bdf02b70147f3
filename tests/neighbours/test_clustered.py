from __future__ import annotations

import numpy as np
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.model.device import inference
from vidcurate.neighbours import clustered, earlier, filters, tiles
from vidcurate.neighbours.best import nobody
from vidcurate.neighbours.clustered import Clustered
from vidcurate.neighbours.graph import Collector
from vidcurate.neighbours.tiles import Ordered
from vidcurate.neighbours.verify import Task


def unit(rows) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def search(vectors, labels=None, ranks=None):
    n = len(vectors)
    clusters = Clusters.of(vectors, np.zeros(n, int) if labels is None else np.asarray(labels))
    ranks = np.arange(n) if ranks is None else np.asarray(ranks)
    return Clustered().load("cpu")(vectors, clusters, ranks).nearest


@pytest.fixture(params=[(1, 1, 1), (2, 2, 4), (1, 5, 6), (4, 8, 12), (64, 512, 2048), "together"], ids=str)
def tile(request, monkeypatch) -> None:
    if request.param == "together":
        return
    monkeypatch.setattr(clustered, "SMALL", 1)
    for name, size in zip(("GRAIN", "STRIP", "WIDTH"), request.param, strict=True):
        monkeypatch.setattr(earlier, name, size)
    monkeypatch.setattr(tiles, "GRAIN", request.param[0])


def test_the_reference_vector_whatever_the_tile(tile):
    """Scores and indices of NeMo Curator's tests/stages/deduplication/semantic/test_pairwise.py."""
    vectors = unit([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12], [1, 2, 3], [1, 2, 3]])

    nearest = search(vectors)

    assert nearest.similarity == pytest.approx([0, 0.974632, 0.998191, 0.999619, 1, 1], abs=1e-6)  # as many digits
    assert nearest.index.tolist() == [0, 0, 1, 2, 0, 0]
    assert nearest.similarity.dtype == np.float32
    assert nearest.index.dtype == np.int64


def test_tiles_do_not_show_in_the_result(tile):
    vectors = unit(np.random.default_rng(0).normal(size=(60, 33)))
    vectors[40:] = vectors[:20]

    nearest = search(vectors)

    similarity = np.tril(vectors.astype(np.float64) @ vectors.T.astype(np.float64), -1) - np.triu(np.full((60, 60), 9))
    assert nearest.index[1:].tolist() == similarity.argmax(axis=1)[1:].tolist()
    assert nearest.similarity[1:] == pytest.approx(similarity.max(axis=1)[1:], abs=2e-7)  # rows are unit to 1e-7
    assert nearest.similarity[40:].tolist() == [1.0] * 20


@pytest.mark.parametrize("dim", [3, 64, 1280])
def test_equal_vectors_score_exactly_one_and_the_first_of_them_wins(dim):
    vectors = np.repeat(unit(np.random.default_rng(dim).normal(size=(7, dim))), 3, axis=0)

    nearest = search(vectors)

    assert nearest.similarity.reshape(7, 3)[:, 1:].tolist() == [[1.0, 1.0]] * 7
    assert nearest.index.reshape(7, 3)[:, 1:].tolist() == [[3 * group] * 2 for group in range(7)]


def test_rank_says_which_rows_are_earlier():
    angles = np.radians([0, 10, 30])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    nearest = search(vectors, ranks=[2, 1, 0])  # 30 degrees first, then 10, then 0

    assert nearest.index.tolist() == [1, 2, 2]
    assert nearest.similarity == pytest.approx([np.cos(np.radians(10)), np.cos(np.radians(20)), 0], abs=1e-7)


def test_rows_of_other_clusters_are_not_compared():
    vectors = unit([[1, 0], [1, 0], [1, 0], [1, 0]])

    nearest = search(vectors, labels=[0, 1, 0, 1])

    assert nearest.index.tolist() == [0, 1, 0, 1]
    assert nearest.similarity.tolist() == [0, 0, 1, 1]


def test_a_negative_similarity_stays_negative():
    nearest = search(unit([[1, 0], [-1, 0]]))

    assert nearest.similarity.tolist() == [0, -1]
    assert nearest.index.tolist() == [0, 0]


def test_products_that_are_rounded_as_on_a_gpu_change_no_answer():
    vectors = unit(np.random.default_rng(0).normal(size=(700, 96)))
    vectors[300:400] = vectors[:100]
    sizes, found = filters.lengths(vectors), []
    for chosen in (filters.fp32(vectors, sizes), filters.bf16(vectors, sizes, "cuda")):
        pairs, nearest = Collector(0.3, 10**6), nobody(700)
        task = Task(vectors=vectors, sizes=sizes, pairs=pairs, slack=chosen.slack, nearest=nearest, device="cpu")
        with inference():
            earlier.earlier(task, Ordered(chosen, np.arange(700), "cpu"), 0)
        graph = pairs.graph(nearest, np.arange(700))
        found.append([part.tolist() for part in (nearest.index, nearest.similarity, graph.first, graph.similarity)])

    assert found[0] == found[1]


@pytest.mark.gpu
def test_a_gpu_gives_the_answer_of_the_cpu():
    torch = pytest.importorskip("torch", reason="needs torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    vectors = unit(np.random.default_rng(0).normal(size=(3000, 64)))
    arguments = vectors, Clusters.of(vectors, np.zeros(3000, int)), np.arange(3000)

    here, there = (Clustered().load(device)(*arguments).nearest for device in ("cpu", "cuda"))

    assert there.index.tolist() == here.index.tolist()
    assert there.similarity.tolist() == here.similarity.tolist()
