from __future__ import annotations

import pytest

from tests.stage.fan import COS5, COS30, fan_pairs, fan_vectors
from vidcurate.cluster.kmeans import KMeans
from vidcurate.cluster.single import Single
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.errors import MissingInput
from vidcurate.neighbours.clustered import Clustered
from vidcurate.stage.cluster import cluster_vectors
from vidcurate.stage.neighbours import FOLDER, find_neighbours, stored_pairs
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import NEIGHBOURS


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def test_the_pruning_table_lists_clips_as_they_are_kept(store):
    pairs = fan_pairs(store, SemDeDup())

    assert store.keys(FOLDER) == [f"{FOLDER}/cluster_0.parquet"]
    assert store.read_table(f"{FOLDER}/cluster_0.parquet").equals(pairs.table)
    assert pairs.table.schema.equals(NEIGHBOURS)
    assert pairs.table["id"].to_pylist() == ["e", "a", "b", "c", "d"]
    assert pairs.table["max_id"].to_pylist() == ["e", "e", "a", "b", "c"]
    assert pairs.table["cosine_sim_score"].to_pylist() == pytest.approx([0, 0, COS5, COS5, COS30], abs=2e-7)


def test_pandas_reads_the_folder_as_one_table(store, tmp_path):
    pandas = pytest.importorskip("pandas", reason="needs the extra `report`")
    pairs = fan_pairs(store, SemDeDup())

    frame = pandas.read_parquet(tmp_path / FOLDER)

    assert list(frame.columns) == ["id", "max_id", "cosine_sim_score"]
    assert frame["id"].tolist() == pairs.table["id"].to_pylist()


def test_neighbours_by_row_are_those_by_id(store):
    nearest = fan_pairs(store, SemDeDup()).nearest()

    assert nearest.index.tolist() == [0, 0, 1, 2, 3]


def test_every_clip_stands_in_the_table_of_its_cluster(store):
    vectors = fan_vectors(store)
    grouping = cluster_vectors(store, vectors, KMeans(k=2), 0, "cpu")

    pairs = find_neighbours(store, vectors, grouping, Clustered(), SemDeDup(), 0, "cpu")

    files = [set(store.read_table(key)["id"].to_pylist()) for key in store.keys(FOLDER)]
    assert files == [{"abcde"[row] for row in range(5) if grouping.clusters.labels[row] == label} for label in (0, 1)]
    assert sorted(pairs.table["id"].to_pylist()) == list("abcde")


def test_another_epsilon_is_not_compared_again(store, caplog):
    fan_pairs(store, SemDeDup(eps=0.01))

    with caplog.at_level("INFO"):
        fan_pairs(store, SemDeDup(eps=0.5))

    assert "neighbours: up to date" in caplog.messages


@pytest.mark.parametrize("keep", ["easy", "random"])
def test_another_order_is_compared_again_within_the_same_clusters(store, caplog, keep):
    before = fan_pairs(store, SemDeDup())

    with caplog.at_level("INFO"):
        after = fan_pairs(store, SemDeDup(keep=keep))

    assert "clusters: up to date" in caplog.messages
    assert "neighbours: 5 clips in 1 clusters compared by clustered" in caplog.messages
    assert after.made_from != before.made_from
    assert committed(store, FOLDER)["fingerprint"] == after.made_from


def test_easy_keeps_the_clip_nearest_to_the_centroid_first(store):
    assert fan_pairs(store, SemDeDup(keep="easy")).table["id"].to_pylist() == ["d", "c", "b", "a", "e"]


def test_fewer_clusters_leave_no_table_of_the_old_ones(store):
    vectors = fan_vectors(store)
    for cluster in (KMeans(k=3), Single()):
        grouping = cluster_vectors(store, vectors, cluster, 0, "cpu")
        find_neighbours(store, vectors, grouping, Clustered(), SemDeDup(), 0, "cpu")

    assert store.keys(FOLDER) == [f"{FOLDER}/cluster_0.parquet"]


def test_stored_neighbours_serve_any_epsilon_of_the_same_order(store):
    pairs = fan_pairs(store, SemDeDup(keep="easy"))

    stored = stored_pairs(store, SemDeDup(keep="easy", eps=0.7))

    assert stored.made_from == pairs.made_from
    assert stored.table.equals(pairs.table)


def test_stored_neighbours_of_another_order_are_not_used(store):
    fan_pairs(store, SemDeDup(keep="easy"))

    with pytest.raises(MissingInput, match=r"ranked by other settings than SemDeDup\(eps=0.01, keep='hard'\).*=dedup"):
        stored_pairs(store, SemDeDup())


def test_without_stored_neighbours_the_message_says_what_to_run(store):
    with pytest.raises(MissingInput, match=r"nothing there; run \+experiment=dedup"):
        stored_pairs(store, SemDeDup())


def test_neighbours_of_which_a_file_is_gone_are_an_error(store):
    vectors = fan_vectors(store)
    grouping = cluster_vectors(store, vectors, KMeans(k=5), 0, "cpu")
    find_neighbours(store, vectors, grouping, Clustered(), SemDeDup(), 0, "cpu")
    store.remove(f"{FOLDER}/cluster_2.parquet")

    with pytest.raises(MissingInput, match="4 of 5 clips are there; remove it"):
        stored_pairs(store, SemDeDup())
