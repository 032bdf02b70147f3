"""Clusters that workers share are compared as one process compares them: the same tables, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.test_pipeline import contents
from vidcurate.cluster.base import Cluster, Clusters, Fit
from vidcurate.dedup.leader import Leader
from vidcurate.errors import MissingInput
from vidcurate.neighbours.clustered import Clustered
from vidcurate.registry import settings
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.dask_address import DaskAddress
from vidcurate.runtime.local import Local
from vidcurate.stage import search_clusters
from vidcurate.stage.cluster import MEMBERS, cluster_vectors, stored_vectors
from vidcurate.stage.dedup import dedup
from vidcurate.stage.neighbours import FOLDER
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import vectors_table


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    """Two workers on another cluster."""
    distributed = pytest.importorskip("distributed", reason="needs vidcurate[dask]")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        yield DaskAddress(address=cluster.scheduler_address)


SIZES = (600, 150, 40, 12, 5, 3, 2, 1, 1, 1)
MIDDLES = np.random.default_rng(0).standard_normal((len(SIZES), 16)).astype(np.float32)


@settings
class AroundMiddles(Cluster):
    """Clusters of very different sizes."""

    def load(self, device: str) -> Fit:
        units = MIDDLES / np.linalg.norm(MIDDLES, axis=1, keepdims=True)
        return lambda vectors, seed: Clusters.of(vectors, (vectors @ units.T).argmax(axis=1))


def uneven(store: Store) -> Vectors:
    """Clips around the middles, near and exact copies among them, in no order."""
    rng = np.random.default_rng(1)
    rows = np.repeat(MIDDLES, SIZES, axis=0) + 0.25 * rng.standard_normal((sum(SIZES), 16))
    rows[100:140] = rows[100]
    rows = rows[rng.permutation(len(rows))].astype(np.float32)
    table = vectors_table([f"{number:04d}" for number in range(len(rows))], rows)
    store.write_table("some_embd_parquet/part-0.parquet", table)
    return load_vectors(f"{store.url}/some_embd_parquet")


@pytest.mark.parametrize("max_pairs", [pytest.param(20_000_000, marks=pytest.mark.slow), 2_000])
def test_workers_find_what_one_process_finds(runtime, tmp_path, max_pairs):
    vectors = uneven(Store(str(tmp_path / "given")))
    search = Clustered(max_pairs=max_pairs)

    for name, where in (("here", Local()), ("there", runtime)):
        dedup(Store(str(tmp_path / name)), vectors, AroundMiddles(), search, Leader(eps=0.01), 0, "cpu", runtime=where)

    here = contents(tmp_path / "here", "*.parquet", "*.csv", "*.json")
    assert contents(tmp_path / "there", "*.parquet", "*.csv", "*.json") == here
    assert (committed(Store(str(tmp_path / "there")), FOLDER)["floor"] > 0.9) == (max_pairs == 2_000)


def test_shares_are_even_by_the_squares_of_their_clusters_on_any_store(monkeypatch):
    monkeypatch.setattr(search_clusters, "SHARES", 3)
    store, seen = Store("memory://shares"), []

    class Elsewhere(Local):
        remote = True

        def map(self, function, items):
            seen.extend(items)
            return map(function, seen)

    dedup(store, uneven(store), AroundMiddles(), Clustered(), Leader(), 0, "cpu", runtime=Elsewhere())

    sizes = [[len(places) for places in portion.places] for portion in seen]
    assert sorted(number for portion in seen for number in portion.clusters) == list(range(10))
    assert sizes[0] == [561]  # 39 exact copies are compared by the first of them
    assert sizes[1] == [150]
    assert sum(sizes[2]) == 65


def test_a_cluster_of_many_parts_is_read_in_its_order(monkeypatch, tmp_path):
    monkeypatch.setattr("vidcurate.stage.cluster.PART", 20)
    store = Store(str(tmp_path))
    vectors = uneven(store)

    clusters = cluster_vectors(store, vectors, AroundMiddles(), 0, "cpu").clusters

    assert len(store.keys(f"{MEMBERS}/nearest_cent_0")) > 10
    np.testing.assert_array_equal(stored_vectors(store, 0), vectors.matrix[clusters.labels == 0])


def test_clusters_that_are_gone_are_said_to_be_so(tmp_path):
    store = Store(str(tmp_path))

    with pytest.raises(MissingInput, match=r"nearest_cent_3: nothing there; remove semantic/clustering_results"):
        stored_vectors(store, 3)
