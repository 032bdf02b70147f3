from __future__ import annotations

import tracemalloc

import numpy as np
import pydantic
import pytest

from tests.cluster.vectors import directions
from vidcurate.cluster.centroids import nearest, row_keys, spread
from vidcurate.cluster.kmeans import KMeans


def test_keys_tell_contents_apart_and_nothing_else():
    vectors = np.array([[0, 1], [1, 0], [-0.0, 1], [0, 1]], np.float32)

    keys = row_keys(vectors, 0)

    assert keys[0] == keys[2] == keys[3] != keys[1]
    assert row_keys(vectors[::-1], 0).tolist() == keys[::-1].tolist()
    assert not set(row_keys(vectors, 1)) & set(keys)


def test_the_first_centroids_lie_in_different_groups():
    rows = np.repeat(np.eye(6, dtype=np.float32), 50, axis=0) + directions(300, 6) * np.float32(1e-3)

    assert sorted(spread(rows, 6, 0).argmax(axis=1)) == list(range(6))


def test_rows_that_float32_cannot_tell_apart_are_still_drawn_once():
    rows = np.array([[1, 0], [1, 1e-30], [1, 2e-30]], np.float32)

    assert sorted(spread(rows, 3, 0)[:, 1]) == sorted(rows[:, 1])


def test_the_nearest_centroid_is_that_at_the_least_distance(monkeypatch):
    monkeypatch.setattr("vidcurate.cluster.centroids.SCORES", 70)  # blocks of 10 rows
    vectors, centroids = directions(95), directions(7) * np.float32(0.5)
    rows = np.arange(0, 95, 2)
    squares = ((vectors[rows, None].astype(np.float64) - centroids) ** 2).sum(axis=2)

    labels, gain = nearest(vectors, rows, centroids, "cpu")

    assert labels.tolist() == squares.argmin(axis=1).tolist()
    assert gain == pytest.approx((1 - squares.min(axis=1).mean()) / 2, abs=1e-6)  # float32 products


@pytest.mark.parametrize("fit_rows", [1000, None])
def test_the_vectors_are_never_copied_as_a_whole(fit_rows):
    vectors = directions(40_000, 128)  # 20 MB
    vectors.flags.writeable = False
    fit = KMeans(k=4, fit_rows=fit_rows, iterations=2, restarts=1).load("cpu")
    fit(vectors[:2000], 0)  # imports

    tracemalloc.start()
    fit(vectors, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 12e6  # two blocks of 8192 rows are 8.4 MB


@pytest.mark.parametrize("k", [0, "many", 1.5, None])
def test_what_is_no_number_of_clusters_is_refused(k):
    with pytest.raises(pydantic.ValidationError, match="whole number, 1 or more, or auto"):
        KMeans(k=k)
