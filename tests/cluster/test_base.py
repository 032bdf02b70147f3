from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from vidcurate.cluster.base import Clusters, members

VECTORS = np.array([[1, 0], [0, 1], [-1, 0], [0, 1]], np.float32)


def test_empty_clusters_are_closed_up_and_centroids_are_means():
    clusters = Clusters.of(VECTORS, np.array([7, 2, 7, 2]))

    assert clusters.labels.tolist() == [1, 0, 1, 0]
    assert clusters.labels.dtype == np.int32
    assert clusters.centroids.tolist() == [[0, 1], [0, 0]]
    assert clusters.centroids.dtype == np.float32


def test_members_are_the_rows_of_each_cluster_in_order():
    assert [rows.tolist() for rows in members(np.array([1, 0, 1, 0], np.int32))] == [[1, 3], [0, 2]]


def test_distance_is_one_minus_the_cosine_to_the_unit_centroid():
    clusters = Clusters.of(VECTORS[:2], np.zeros(2, np.int32))  # mean (1/2, 1/2), 45 degrees from both

    assert clusters.distances(VECTORS[:2]) == pytest.approx([1 - 2**-0.5] * 2, abs=1e-7)  # one rounding to float32


def test_distance_to_a_centroid_without_direction_is_one():
    clusters = Clusters.of(VECTORS[[0, 2]], np.zeros(2, np.int32))  # mean (0, 0)

    assert clusters.distances(VECTORS[[0, 2]]).tolist() == [1, 1]


def test_equal_vectors_have_equal_distances():
    row = np.random.default_rng(0).normal(size=(1, 77))
    vectors = np.repeat(row / np.linalg.norm(row), 1000, axis=0).astype(np.float32)

    distances = Clusters.of(vectors, np.zeros(1000, np.int32)).distances(vectors)

    assert len(set(distances.tolist())) == 1


def test_no_more_than_a_block_of_rows_is_copied():
    vectors = np.ones((40_000, 64), np.float32)  # 10 MB
    vectors /= 8
    labels = np.zeros(40_000, np.int32)

    tracemalloc.start()
    Clusters.of(vectors, labels).distances(vectors)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 5e6  # a block of 8192 rows is 2.1 MB
