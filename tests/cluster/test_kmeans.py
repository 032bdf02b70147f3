from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.cluster.vectors import directions, groups
from vidcurate.cluster.kmeans import KMeans
from vidcurate.errors import MissingExtra


def test_groups_that_lie_apart_are_found():
    clusters = KMeans(k=3).load("cpu")(groups(3, 20), 0)

    assert [len(set(clusters.labels[start : start + 20])) for start in (0, 20, 40)] == [1, 1, 1]
    assert len(set(clusters.labels)) == 3


@pytest.mark.parametrize("seed", [0, 7, 2**40])
def test_equal_seeds_give_equal_clusters(seed):
    vectors = directions(200)

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


@pytest.mark.parametrize(("n", "clusters"), [(1, 1), (1499, 1), (1501, 2), (5000, 5)])
def test_by_default_a_cluster_holds_about_a_thousand(n, clusters):
    assert len(KMeans(iterations=1).load("cpu")(directions(n), 0).centroids) == clusters


def test_cosine_looks_at_directions_where_l2_looks_at_lengths():
    """Means of wide groups are short, and l2 lets a short centroid take rows from a long one at a larger angle."""
    angles = np.radians([*range(-60, 61, 5), *[80] * 3 + np.arange(3)])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    found = {metric: KMeans(k=2, metric=metric, restarts=10).load("cpu")(vectors, 0) for metric in ("l2", "cosine")}

    units = {
        name: clusters.centroids / np.linalg.norm(clusters.centroids, axis=1, keepdims=True)
        for name, clusters in found.items()
    }
    assert ((vectors @ units["cosine"].T).argmax(axis=1) == found["cosine"].labels).all()
    tightness = {name: 1 - clusters.distances(vectors).mean() for name, clusters in found.items()}
    assert tightness["cosine"] >= tightness["l2"]


def test_a_sample_is_fitted_and_all_are_assigned():
    whole, sampled = (KMeans(k=3, fit_rows=rows).load("cpu")(groups(3, 200), 0) for rows in (None, 12))

    assert len(set(zip(whole.labels.tolist(), sampled.labels.tolist(), strict=True))) == 3


def test_which_rows_are_fitted_depends_on_the_seed_and_not_on_their_order():
    vectors = directions(300)
    fit = KMeans(k=8, fit_rows=40).load("cpu")

    assert fit(vectors[::-1], 1).labels.tolist() == fit(vectors, 1).labels[::-1].tolist()
    assert fit(vectors, 1).labels.tolist() != fit(vectors, 2).labels.tolist()


def test_faiss_says_nothing_about_few_points(capfd):
    KMeans(k=4).load("cpu")(groups(3, 3), 0)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ask", [KMeans.check, lambda kmeans: kmeans.load("cpu")])
def test_without_faiss_the_message_names_the_extra(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"kmeans needs faiss-cpu.*vidcurate\[cpu\]"):
        ask(KMeans())
