from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.dedup.leader import Leader
from vidcurate.neighbours.clustered import Clustered
from vidcurate.stage.cluster import Grouping
from vidcurate.stage.neighbours import Compared, find_neighbours
from vidcurate.stage.recall import Recall, measure_recall
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def families(copies: int = 4, groups: int = 30, sources: bool = False) -> Vectors:
    """Groups of near copies about centres that are far from each other."""
    rng = np.random.default_rng(0)
    centres = np.linalg.qr(rng.standard_normal((64, groups)))[0].T
    noise = rng.standard_normal((groups, copies, 64)) * rng.uniform(0.005, 0.04, (groups, copies, 1))
    matrix = (centres[:, None] + noise).reshape(-1, 64)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    ids = tuple(f"{number:04d}" for number in range(len(matrix)))
    source = np.arange(len(ids), dtype=np.int32) % 2 if sources else None
    return Vectors(ids=pa.array(ids), matrix=matrix.astype(np.float32), digest="families", sources=source)


def halves(vectors: Vectors) -> Grouping:
    """Clusters that part each group in two."""
    labels = np.arange(len(vectors.ids)) // 2 % 2
    return Grouping(clusters=Clusters.of(vectors.matrix, labels), made_from="halves")


def measured(
    store: Store, vectors: Vectors, queries: int, rule: Leader | None = None, grouping: Grouping | None = None
) -> tuple[Compared, Recall | None]:
    grouping, search = grouping or halves(vectors), Clustered(recall_queries=queries)
    compared = find_neighbours(store, vectors, grouping, search, rule or Leader(), 0, "cpu")
    return compared, measure_recall(store, vectors, grouping.clusters, search, compared, 0, "cpu")


def brute(vectors: Vectors, compared: Compared, eps: float) -> tuple[float, float]:
    """Pair and item recall of all clips, by a full matrix."""
    matrix = vectors.matrix.astype(np.float64)
    true = (matrix @ matrix.T).astype(np.float32) > np.float32(1 - eps)
    np.fill_diagonal(true, False)
    listed = np.zeros_like(true)
    listed[compared.graph.first, compared.graph.second] = listed[compared.graph.second, compared.graph.first] = True
    before = compared.ranks[None] < compared.ranks[:, None]
    items = (true & before).any(axis=1)
    return (true & listed).sum() / true.sum(), (true & before & listed).any(axis=1).sum() / items.sum()


@pytest.mark.parametrize("eps", [0.01, 0.05, 0.2])
def test_with_all_clips_as_queries_it_is_what_a_full_matrix_gives(store, eps):
    vectors = families()
    compared, recall = measured(store, vectors, 1000)

    rates = recall.at(compared, Leader(eps=eps))

    assert [rate.share for rate in rates] == pytest.approx(brute(vectors, compared, eps))
    assert {type(end) for rate in rates for end in (rate.share, rate.low, rate.high)} == {float}  # as tables spell them
    assert 0.2 < rates[0].share < 0.9


def test_a_sample_comes_near_to_that_and_its_interval_holds_it(store):
    vectors = families(groups=60)
    labels = np.random.default_rng(0).integers(3, size=240)
    thirds = Grouping(clusters=Clusters.of(vectors.matrix, labels), made_from="thirds")
    compared, recall = measured(store, vectors, 60, grouping=thirds)

    rate, (truth, _) = recall.at(compared, Leader(eps=0.2)).pairs, brute(vectors, compared, 0.2)

    assert committed(store, "semantic/recall")["queries"] == 60
    assert len(np.unique(recall.query)) == 60
    assert rate.low < truth < rate.high


def test_another_epsilon_compares_nothing_and_another_sample_does(store, caplog):
    caplog.set_level("INFO")
    made = []
    for queries, rule in ((50, Leader(eps=0.01)), (50, Leader(eps=0.05)), (60, Leader(eps=0.05))):
        measured(store, families(), queries, rule)
        made.append([message for message in caplog.messages if "compared with all others" in message])
        caplog.clear()

    assert [len(messages) for messages in made] == [1, 0, 1]
    assert made[0] == ["recall: 50 of 120 clips compared with all others, 150 pairs"]


def test_a_scope_counts_only_its_pairs(store):
    rule = Leader(eps=0.2, scope="within_source")
    compared, recall = measured(store, families(sources=True), 1000, rule)

    assert recall.at(compared, rule).pairs.share == 0  # every second clip of a group is of the same source
    assert recall.at(compared, Leader(eps=0.2)).pairs.share == pytest.approx(1 / 3)


def test_copies_that_others_stand_for_are_not_sampled(store):
    vectors = families()
    doubled = Vectors(
        ids=pa.array([*(names := vectors.ids.to_pylist()), *(f"x{name}" for name in names)]),
        matrix=np.concatenate([vectors.matrix, vectors.matrix]),
        digest="doubled",
    )

    compared, recall = measured(store, doubled, 1000)

    assert committed(store, "semantic/recall")["queries"] == len(vectors.ids)
    assert np.array_equal(compared.stands[recall.query], recall.query)
    assert np.array_equal(compared.stands[recall.other], recall.other)


def test_where_no_query_has_a_duplicate_there_is_nothing_to_tell(store):
    compared, recall = measured(store, families(), 1000)

    assert recall.at(compared, Leader(eps=1e-7)) == (None, None)


def test_one_cluster_is_exact_and_nothing_is_measured(store, caplog):
    vectors = families()
    one = Grouping(clusters=Clusters.of(vectors.matrix, np.zeros(len(vectors.ids), int)), made_from="one")

    with caplog.at_level("DEBUG", logger="vidcurate"):
        compared, recall = measured(store, vectors, 1000, grouping=one)

    assert [rate.low for rate in recall.at(compared, Leader())] == [1, 1]
    assert caplog.messages[-1] == "recall: exact, all pairs are listed from a similarity of 0.7000 on"
    assert not store.exists("semantic/recall")


def test_no_queries_no_measure(store):
    assert measured(store, families(), 0)[1] is None


def test_what_is_stored_names_queries_others_and_whether_the_pair_is_listed(store):
    vectors = families(groups=1)

    measured(store, vectors, 1)

    stored = store.read_table("semantic/recall/part-0.parquet")
    assert stored.schema.types == [pa.string(), pa.string(), pa.float32(), pa.bool_()]
    assert stored["id"].to_pylist() == ["0002"] * 3
    assert dict(zip(stored["other_id"].to_pylist(), stored["listed"].to_pylist(), strict=True)) == {
        "0000": False,
        "0001": False,
        "0003": True,
    }
