"""What every cluster algorithm must do, whoever wrote it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from vidcurate.cluster.base import Cluster
from vidcurate.errors import ShapeError
from vidcurate.registry import loaded, registered


@pytest.fixture(params=sorted(registered("cluster")), ids=str)
def component(request) -> Cluster:
    return registered("cluster")[request.param]()


def noise(n: int, dim: int = 6) -> np.ndarray:
    vectors = np.random.default_rng(n).normal(size=(n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_copy_that_went_through_pickle_is_equal_and_gives_equal_clusters(component):
    copy = pickle.loads(pickle.dumps(component))
    clusters = [loaded(which, "cpu")(noise(50), 3) for which in (component, copy)]

    assert copy == component
    assert hash(copy) == hash(component)
    assert clusters[0].labels.tolist() == clusters[1].labels.tolist()
    assert clusters[0].centroids.tobytes() == clusters[1].centroids.tobytes()


@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_labels_are_dense_and_centroids_are_means_of_members(component, n):
    vectors = noise(n)

    clusters = loaded(component, "cpu")(vectors, 0)

    assert clusters.labels.shape == (n,)
    assert clusters.labels.dtype == np.int32
    assert clusters.centroids.dtype == np.float32
    assert set(clusters.labels) == set(range(len(clusters.centroids)))
    for label, centroid in enumerate(clusters.centroids):
        assert centroid == pytest.approx(vectors[clusters.labels == label].mean(axis=0), abs=1e-6)  # float32 sums


def test_the_vectors_are_left_as_they_were(component):
    vectors = noise(20)
    before = vectors.copy()
    vectors.flags.writeable = False

    loaded(component, "cpu")(vectors, 0)

    assert vectors.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    "vectors", [np.eye(3), np.ones(3, np.float32), np.empty((0, 3), np.float32)], ids=["float64", "one row", "empty"]
)
def test_what_is_not_float32_rows_is_refused(component, vectors):
    with pytest.raises(ShapeError, match="float32"):
        loaded(component, "cpu")(vectors, 0)
