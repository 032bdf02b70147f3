from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest

from tests.stage.fan import fan_vectors
from vidcurate.cluster.kmeans import KMeans
from vidcurate.cluster.single import Single
from vidcurate.errors import MissingInput
from vidcurate.stage import cluster
from vidcurate.stage.cluster import cluster_vectors
from vidcurate.store.files import Store

MEMBERS = "semantic/clustering_results/embs_by_nearest_center"


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def test_clusters_are_stored_where_nemo_curator_stores_them(store):
    vectors = fan_vectors(store)

    grouping = cluster_vectors(store, vectors, Single(), 0, "cpu")

    table = store.read_table(f"{MEMBERS}/nearest_cent_0/part-0.parquet")
    centroids = np.load(io.BytesIO(store.read("semantic/clustering_results/kmeans_centroids.npy")))
    assert store.keys("semantic") == [
        f"{MEMBERS}/nearest_cent_0/part-0.parquet",
        "semantic/clustering_results/kmeans_centroids.npy",
    ]
    assert table.schema.equals(
        pa.schema({"id": pa.string(), "embedding": pa.list_(pa.float32()), "cosine_dist_to_cent": pa.float32()})
    )
    assert table["id"].to_pylist() == list("abcde")
    assert np.array(table["embedding"].to_pylist(), np.float32).tolist() == vectors.matrix.tolist()
    # 1 - cos of the angle to 26.9 degrees
    assert table["cosine_dist_to_cent"].to_numpy() == pytest.approx([0.108, 0.072, 0.043, 0.026, 0.547], abs=2e-3)
    assert centroids.tolist() == grouping.clusters.centroids.tolist()
    assert centroids == pytest.approx(vectors.matrix.mean(axis=0, keepdims=True), abs=1e-7)


def test_what_is_read_back_is_what_was_found(store, monkeypatch):
    monkeypatch.setattr(cluster, "PART", 1)
    vectors = fan_vectors(store)
    fitted = KMeans(k=3).load("cpu")(vectors.matrix, 0)

    grouping = cluster_vectors(store, vectors, KMeans(k=3), 0, "cpu")

    assert grouping.clusters.labels.tolist() == fitted.labels.tolist()
    assert grouping.clusters.centroids.tobytes() == fitted.centroids.tobytes()
    assert len(store.keys(MEMBERS, ".parquet")) == 5


def test_the_same_is_not_clustered_twice(store, caplog):
    vectors = fan_vectors(store)
    cluster_vectors(store, vectors, Single(), 0, "cpu")

    with caplog.at_level("DEBUG", logger="vidcurate"):
        cluster_vectors(store, vectors, Single(), 0, "cpu")

    assert caplog.messages == ["clusters: up to date"]


@pytest.mark.parametrize(("k", "seed"), [(2, 0), (4, 1)])
def test_another_k_or_seed_replaces_the_clusters(store, k, seed):
    vectors = fan_vectors(store)
    before = cluster_vectors(store, vectors, KMeans(k=4), 0, "cpu")

    after = cluster_vectors(store, vectors, KMeans(k=k), seed, "cpu")

    assert after.made_from != before.made_from
    assert {key.split("/")[-2] for key in store.keys(MEMBERS)} == {f"nearest_cent_{number}" for number in range(k)}


def test_clusters_of_which_a_file_is_gone_are_an_error(store):
    vectors = fan_vectors(store)
    cluster_vectors(store, vectors, KMeans(k=5), 0, "cpu")
    store.remove(f"{MEMBERS}/nearest_cent_2")

    with pytest.raises(MissingInput, match=r"1 of 5 clips are gone.*remove it"):
        cluster_vectors(store, vectors, KMeans(k=5), 0, "cpu")
