from __future__ import annotations

import sys

import numpy as np
import pytest

from vidcurate.cluster.kmeans import KMeans
from vidcurate.errors import MissingExtra


def three_groups(size: int) -> np.ndarray:
    """Vectors close to each of three axes, `size` of each in turn."""
    noise = np.random.default_rng(0).normal(scale=0.05, size=(3 * size, 3))
    vectors = np.repeat(np.eye(3), size, axis=0) + noise
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_groups_that_lie_apart_are_found():
    clusters = KMeans(k=3).load("cpu")(three_groups(20), 0)

    assert [len(set(clusters.labels[start : start + 20])) for start in (0, 20, 40)] == [1, 1, 1]
    assert len(set(clusters.labels)) == 3


@pytest.mark.parametrize("seed", [0, 7, 2**40])
def test_equal_seeds_give_equal_clusters(seed):
    vectors = np.random.default_rng(1).normal(size=(200, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    first, second = (KMeans(k=5).load("cpu")(vectors, seed) for _ in range(2))

    assert first.labels.tolist() == second.labels.tolist()
    assert first.centroids.tobytes() == second.centroids.tobytes()


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (3, 3), (4, 4)])
def test_no_more_clusters_than_vectors(n, expected):
    clusters = KMeans(k=4).load("cpu")(np.eye(4, dtype=np.float32)[:n], 0)

    assert sorted(clusters.labels) == list(range(expected))
    assert clusters.centroids.shape == (expected, 4)


def test_equal_vectors_make_one_cluster_and_no_empty_ones():
    clusters = KMeans(k=4).load("cpu")(np.ones((10, 1), np.float32), 0)

    assert clusters.labels.tolist() == [0] * 10
    assert clusters.centroids.tolist() == [[1.0]]


def test_faiss_says_nothing_about_few_points(capfd):
    KMeans(k=4).load("cpu")(three_groups(3), 0)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ask", [KMeans.check, lambda kmeans: kmeans.load("cpu")])
def test_without_faiss_the_message_names_the_extra(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"kmeans needs faiss-cpu.*vidcurate\[cpu\]"):
        ask(KMeans())
