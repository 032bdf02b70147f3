from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.stage.fan import COS5, COS30, fan_pairs, fan_vectors
from vidcurate.dedup.none import KeepAll
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.errors import MissingInput
from vidcurate.neighbours.graph import Graph, Nearest
from vidcurate.stage.decide import decide, stored_decisions
from vidcurate.stage.neighbours import Compared
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import DECISIONS, ORDER


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def decided(store: Store, eps: float) -> list[dict]:
    return decide(store, fan_pairs(store, SemDeDup()), SemDeDup(eps=eps)).table.to_pylist()


def test_a_dropped_clip_names_its_witness_and_the_kept_clip_at_the_end_of_the_chain(store):
    rows = decided(store, 0.01)

    dropped = {"kept": False, "reason": "semantic_duplicate"}
    kept = {"kept": True, "reason": "", "witness_id": None}
    assert rows == [
        {"id": "a", "similarity": pytest.approx(0, abs=2e-7), "group_id": "a"} | kept,
        {"id": "b", "similarity": pytest.approx(COS5, abs=2e-7), "group_id": "a", "witness_id": "a"} | dropped,
        {"id": "c", "similarity": pytest.approx(COS5, abs=2e-7), "group_id": "a", "witness_id": "b"} | dropped,
        {"id": "d", "similarity": pytest.approx(COS30, abs=2e-7), "group_id": "d"} | kept,
        {"id": "e", "similarity": 0, "group_id": "e"} | kept,
    ]


@pytest.mark.parametrize(
    ("eps", "kept"), [(0.0, "abcde"), (0.003, "abcde"), (0.004, "ade"), (0.2, "ae"), (1.5, "e"), (2.0, "e")]
)
def test_what_is_kept_at_each_epsilon(store, eps, kept):
    assert "".join(row["id"] for row in decided(store, eps) if row["kept"]) == kept


def test_a_group_is_named_after_its_kept_clip_however_long_the_chain(store):
    rows = np.arange(100)
    similarity = np.full(99, 0.999, np.float32)
    nearest = Nearest(index=np.maximum(rows - 1, 0), similarity=np.append(np.float32(0), similarity))
    graph = Graph(nearest=nearest, first=rows[:-1], second=rows[1:], similarity=similarity, floor=0.7)
    names = pa.array([f"{number:03d}" for number in rows])
    order = pa.table([names, rows, pa.nulls(100), rows, np.full(100, "")], schema=ORDER)

    decisions = decide(store, Compared(ids=names, order=order, graph=graph, made_from="chain"), SemDeDup()).table

    assert set(decisions["group_id"].to_pylist()) == {"000"}


def test_decisions_and_summary_are_stored_by_epsilon(store):
    decisions = decide(store, fan_pairs(store, SemDeDup()), SemDeDup(eps=1e-05))

    assert store.keys("semantic/decisions") == ["semantic/decisions/eps=1e-05/part-0.parquet"]
    assert store.read_table("semantic/decisions/eps=1e-05/part-0.parquet").equals(decisions.table)
    assert decisions.table.schema.equals(DECISIONS)
    assert store.read("semantic/extraction/dedup_summary_1e-05.csv") == b"eps,kept,removed,total\n1e-05,5,0,5\n"


def test_the_record_says_from_which_neighbours_and_how_many(store):
    pairs = fan_pairs(store, SemDeDup())

    decisions = decide(store, pairs, SemDeDup(eps=0.01))

    record = committed(store, "semantic/decisions/eps=0.01")
    assert (decisions.kept, decisions.removed, decisions.total) == (3, 2, 5)
    assert record.pop("fingerprint")
    assert record.pop("rule")
    assert record == {"eps": 0.01, "kept": 3, "removed": 2, "total": 5, "neighbours": pairs.made_from}


def test_the_same_is_not_decided_twice(store, caplog):
    pairs = fan_pairs(store, SemDeDup())
    first = decide(store, pairs, SemDeDup())

    with caplog.at_level("DEBUG", logger="vidcurate"):
        second = decide(store, pairs, SemDeDup())

    assert caplog.messages == ["decisions: up to date; 3 of 5 clips kept at eps=0.01"]
    assert second.table.equals(first.table)


def test_an_epsilon_that_was_not_tried_is_decided_from_stored_neighbours(store):
    fan_pairs(store, SemDeDup())

    assert stored_decisions(store, SemDeDup(eps=0.2)).kept == 2


def test_without_stored_neighbours_nothing_is_decided(store):
    with pytest.raises(MissingInput, match="experiment=dedup"):
        stored_decisions(store, SemDeDup())


def test_a_rule_that_compares_nothing_leaves_the_decisions_of_others_alone(store):
    decide(store, fan_pairs(store, SemDeDup()), SemDeDup())

    decisions = decide(store, Compared.none(fan_vectors(store)), KeepAll())

    assert decisions.kept == 5
    assert decisions.table["group_id"].to_pylist() == list("abcde")
    assert store.keys("semantic/decisions") == [
        "semantic/decisions/eps=0.01/part-0.parquet",
        "semantic/decisions/none/part-0.parquet",
    ]
    assert committed(store, "semantic/decisions/eps=0.01")["kept"] == 3
