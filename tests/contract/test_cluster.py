"""What every cluster algorithm must do, whoever wrote it."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

from vidcurate.cluster.base import Cluster
from vidcurate.errors import ConfigError, MissingExtra, ShapeError
from vidcurate.registry import loaded, registered

SMALL = {"k": 5, "max_size": 12}
"""Settings under which 50 vectors are parted."""


@pytest.fixture(params=sorted(registered("cluster")), ids=str)
def component(request) -> Cluster:
    cls = registered("cluster")[request.param]
    names = {entry.name for entry in dataclasses.fields(cls)}
    made = cls(**{name: value for name, value in SMALL.items() if name in names})
    try:
        made.check()
    except (MissingExtra, ConfigError) as error:
        pytest.skip(str(error))
    return made


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


@pytest.mark.parametrize("n", [1, 3, 60])
def test_equal_rows_make_one_cluster(component, n):
    clusters = loaded(component, "cpu")(np.repeat(noise(1), n, axis=0), 0)

    assert clusters.labels.tolist() == [0] * n
    assert clusters.centroids == pytest.approx(noise(1), abs=1e-6)  # float32 sums


def test_equal_rows_share_a_cluster(component):
    vectors = noise(50)[np.arange(500) % 50]

    labels = loaded(component, "cpu")(vectors, 0).labels.reshape(10, 50)

    assert (labels == labels[0]).all()


def test_the_order_of_the_rows_does_not_show(component):
    vectors, order = noise(50), np.random.default_rng(1).permutation(50)
    fit = loaded(component, "cpu")

    assert fit(vectors[order], 3).labels.tolist() == fit(vectors, 3).labels[order].tolist()


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
