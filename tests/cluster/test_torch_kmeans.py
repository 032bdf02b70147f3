from __future__ import annotations

import numpy as np
import pytest

from tests.cluster.vectors import directions, groups
from vidcurate.cluster.kmeans import KMeans
from vidcurate.cluster.torch_kmeans import TorchKMeans


@pytest.mark.parametrize("metric", ["l2", "cosine"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("batch_rows", [None, 40])
def test_groups_that_lie_apart_are_found(metric, precision, batch_rows):
    kmeans = TorchKMeans(k=6, metric=metric, precision=precision, batch_rows=batch_rows)

    labels = kmeans.load("cpu")(groups(6, 20), 0).labels.reshape(6, 20)

    assert (labels == labels[:, :1]).all()
    assert len(set(labels[:, 0])) == 6


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_clusters_are_as_tight_as_those_of_faiss(metric):
    vectors = directions(2000)

    spread = [
        kind(k=20, metric=metric).load("cpu")(vectors, 0).distances(vectors).mean() for kind in (TorchKMeans, KMeans)
    ]

    assert spread[0] == pytest.approx(spread[1], rel=0.02)  # both end in local optima


def test_a_centroid_without_rows_moves_to_the_farthest_row():
    vectors = groups(2, 20)

    centroids = TorchKMeans(k=2).trainer("cpu")(vectors, np.repeat(vectors[:1], 2, axis=0), 0)  # the second gets no row

    assert sorted(centroids.argmax(axis=1)) == [0, 1]


def test_mini_batches_come_close_to_full_rounds():
    vectors = directions(3000)
    full, batch = (TorchKMeans(k=10, batch_rows=rows).load("cpu")(vectors, 0) for rows in (None, 500))

    assert batch.distances(vectors).mean() == pytest.approx(full.distances(vectors).mean(), rel=0.05)


def test_cosine_centroids_have_unit_length():
    vectors = directions(200)

    centroids = TorchKMeans(k=5, metric="cosine").trainer("cpu")(vectors, vectors[:5], 0)

    assert np.linalg.norm(centroids, axis=1) == pytest.approx(np.ones(5), abs=1e-6)  # float32


@pytest.mark.gpu
def test_a_gpu_gives_clusters_as_tight_as_the_cpu_and_the_same_twice():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    vectors = directions(2000)

    first, second, host = (TorchKMeans(k=20).load(device)(vectors, 0) for device in ("cuda", "cuda", "cpu"))

    assert first.labels.tolist() == second.labels.tolist()
    assert first.distances(vectors).mean() == pytest.approx(host.distances(vectors).mean(), rel=0.02)
