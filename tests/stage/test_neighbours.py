from __future__ import annotations

import numpy as np
import pytest

from tests.stage.fan import COS5, COS30, fan_pairs, fan_vectors
from vidcurate.cluster.kmeans import KMeans
from vidcurate.cluster.single import Single
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.errors import MissingInput
from vidcurate.neighbours.clustered import Clustered
from vidcurate.stage.cluster import cluster_vectors, one_group
from vidcurate.stage.decide import decide
from vidcurate.stage.neighbours import FOLDER, find_neighbours, stored_neighbours
from vidcurate.stage.vectors import load_vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import NEIGHBOURS, PAIRS, vectors_table


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def test_the_pruning_table_lists_clips_as_they_are_kept(store):
    fan_pairs(store, SemDeDup())

    pruning = store.read_table(f"{FOLDER}/cluster_0.parquet")
    assert store.keys(FOLDER) == [f"{FOLDER}/cluster_0.parquet"]
    assert pruning.schema.equals(NEIGHBOURS)
    assert pruning["id"].to_pylist() == ["e", "a", "b", "c", "d"]
    assert pruning["max_id"].to_pylist() == ["e", "e", "a", "b", "c"]
    assert pruning["cosine_sim_score"].to_pylist() == pytest.approx([0, 0, COS5, COS5, COS30], abs=2e-7)


def test_pairs_are_listed_down_to_the_floor(store):
    vectors = fan_vectors(store)

    find_neighbours(store, vectors, one_group(vectors), Clustered(floor=0.9), SemDeDup(), 0, "cpu")

    pairs = store.read_table("semantic/pairs/part-00000.parquet")
    assert pairs.schema.equals(PAIRS)
    assert list(zip(pairs["id"].to_pylist(), pairs["other_id"].to_pylist(), strict=True)) == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]


def test_an_epsilon_below_the_floor_lowers_it_and_a_smaller_one_uses_what_is_there(store, caplog):
    caplog.set_level("DEBUG", logger="vidcurate")
    vectors = fan_vectors(store)
    grouping = one_group(vectors)
    floors = []
    for rule in (SemDeDup(eps=0.1), SemDeDup(eps=0.6), SemDeDup(eps=0.1), SemDeDup(sweep=(0.9, 0.2))):
        floors.append(find_neighbours(store, vectors, grouping, Clustered(), rule, 0, "cpu").graph.floor)

    assert floors == pytest.approx([0.7, 0.4, 0.4, 0.1])
    assert caplog.messages.count("neighbours: up to date") == 1


def test_equal_vectors_are_compared_once_and_all_are_dropped_for_the_best(store):
    rows = np.array([[1, 0], [1, 0], [0.8, 0.6], [1, 0], [0, 1], [0.8, 0.6]], np.float32)
    store.write_table("twins_embd_parquet/part-0.parquet", vectors_table(list("abcdef"), rows))
    vectors = load_vectors(f"{store.url}/twins_embd_parquet")

    compared = find_neighbours(store, vectors, one_group(vectors), Clustered(), Leader(), 0, "cpu")

    decided = {eps: decide(store, compared, Leader(eps=eps)).table for eps in (0.0, 0.1, 0.25)}
    assert compared.stands.tolist() == [0, 0, 2, 0, 4, 2]
    assert len(compared.graph.first) == 1
    assert {eps: table["witness_id"].to_pylist() for eps, table in decided.items()} == {
        0.0: [None] * 6,
        0.1: [None, "a", None, "a", None, "c"],
        0.25: [None, "a", "a", "a", None, "a"],
    }
    assert decided[0.25]["similarity"].to_pylist() == pytest.approx([0, 1, 0.8, 1, 0.6, 0.8], abs=1e-6)


def test_pandas_reads_the_folder_as_one_table(store, tmp_path):
    pandas = pytest.importorskip("pandas", reason="needs the extra `report`")
    compared = fan_pairs(store, SemDeDup())

    frame = pandas.read_parquet(tmp_path / FOLDER)

    assert list(frame.columns) == ["id", "max_id", "cosine_sim_score"]
    assert sorted(frame["id"]) == compared.ids.to_pylist()


def test_what_is_read_back_is_what_was_found(store):
    found, read = (fan_pairs(store, SemDeDup()) for _ in range(2))

    assert found.graph.nearest.index.tolist() == read.graph.nearest.index.tolist() == [4, 0, 1, 2, 4]
    for name in ("first", "second", "similarity"):
        assert getattr(found.graph, name).tolist() == getattr(read.graph, name).tolist()
    assert found.order.equals(read.order)
    assert len(read.graph.first) == 10


def test_every_clip_stands_in_the_table_of_its_cluster(store):
    vectors = fan_vectors(store)
    grouping = cluster_vectors(store, vectors, KMeans(k=2), 0, "cpu")

    pairs = find_neighbours(store, vectors, grouping, Clustered(), SemDeDup(), 0, "cpu")

    files = [set(store.read_table(key)["id"].to_pylist()) for key in store.keys(FOLDER)]
    assert files == [{"abcde"[row] for row in range(5) if grouping.clusters.labels[row] == label} for label in (0, 1)]
    assert pairs.ids.to_pylist() == list("abcde")


def test_another_epsilon_is_not_compared_again(store, caplog):
    fan_pairs(store, SemDeDup(eps=0.01))

    with caplog.at_level("DEBUG", logger="vidcurate"):
        fan_pairs(store, SemDeDup(eps=0.5))

    assert "neighbours: up to date" in caplog.messages


@pytest.mark.parametrize("keep", ["easy", "random"])
def test_another_order_is_compared_again_within_the_same_clusters(store, caplog, keep):
    before = fan_pairs(store, SemDeDup())

    with caplog.at_level("DEBUG", logger="vidcurate"):
        after = fan_pairs(store, SemDeDup(keep=keep))

    assert "clusters: up to date" in caplog.messages
    assert "neighbours: 5 clips in 1 clusters compared by clustered" in caplog.messages
    assert after.made_from != before.made_from
    assert committed(store, FOLDER)["fingerprint"] == after.made_from


def test_easy_keeps_the_clip_nearest_to_the_centroid_first(store):
    assert fan_pairs(store, SemDeDup(keep="easy")).ranks.tolist() == [3, 2, 1, 0, 4]


def test_fewer_clusters_leave_no_table_of_the_old_ones(store):
    vectors = fan_vectors(store)
    for cluster in (KMeans(k=3), Single()):
        grouping = cluster_vectors(store, vectors, cluster, 0, "cpu")
        find_neighbours(store, vectors, grouping, Clustered(), SemDeDup(), 0, "cpu")

    assert store.keys(FOLDER) == [f"{FOLDER}/cluster_0.parquet"]


def test_stored_neighbours_serve_any_epsilon_of_the_same_order(store):
    pairs = fan_pairs(store, SemDeDup(keep="easy"))

    stored = stored_neighbours(store, SemDeDup(keep="easy", eps=0.7))

    assert stored.made_from == pairs.made_from
    assert stored.order.equals(pairs.order)


def test_stored_neighbours_of_another_order_are_not_used(store):
    fan_pairs(store, SemDeDup(keep="easy"))

    with pytest.raises(
        MissingInput, match=r"not ranked for dedup=semdedup dedup.keep=hard dedup.scope=all; run \+experiment=dedup"
    ):
        stored_neighbours(store, SemDeDup())


def test_without_stored_neighbours_the_message_says_what_to_run(store):
    with pytest.raises(MissingInput, match=r"nothing there; run \+experiment=dedup"):
        stored_neighbours(store, SemDeDup())


def test_neighbours_of_which_a_file_is_gone_are_an_error(store):
    vectors = fan_vectors(store)
    grouping = cluster_vectors(store, vectors, KMeans(k=5), 0, "cpu")
    find_neighbours(store, vectors, grouping, Clustered(), SemDeDup(), 0, "cpu")
    store.remove(f"{FOLDER}/cluster_2.parquet")

    with pytest.raises(MissingInput, match="4 of 5 rows are there; remove it"):
        stored_neighbours(store, SemDeDup())
