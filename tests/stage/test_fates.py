"""Copies and clips that a reference knows, among those that epsilon decides about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.stage.fan import fan_vectors
from vidcurate.dedup.base import Dedup
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.neighbours.clustered import Clustered
from vidcurate.stage.cluster import one_group
from vidcurate.stage.decide import decide
from vidcurate.stage.known import Known
from vidcurate.stage.neighbours import Compared, find_neighbours
from vidcurate.store.files import Store
from vidcurate.table import HASHES, table

LOOKS = {"a": 0x0F0F_1234_5678_9ABC, "b": 0xF0F0_4321_8765_CBA9, "d": 0x5555_AAAA_1111_7777, "e": 0x3333_CCCC_0FF0_55AA}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def hashes() -> pa.Table:
    """Of the fan: c repeats a to the bit, e looks like d, the others are their own."""
    looks = LOOKS | {"c": LOOKS["a"], "e": LOOKS["d"] ^ 0b101}
    rows = [
        {"clip_id": name, "duration": 2.0, "content_hash": "a" if name == "c" else name, "phash": [looks[name]] * 4}
        for name in "abcde"
    ]
    return table(HASHES, rows)


def compared(store: Store, rule: Dedup, sources: str = "") -> Compared:
    vectors = fan_vectors(store)
    if sources:
        vectors = replace(vectors, sources=np.array([ord(letter) for letter in sources], np.int32))
    return find_neighbours(store, vectors, one_group(vectors), Clustered(), rule, 0, "cpu", hashes())


def fates(decided: pa.Table) -> dict[str, tuple[str, str, str]]:
    """Witness, group and reason of each clip that is dropped."""
    rows = decided.filter(pa.compute.invert(decided["kept"])).to_pylist()
    return {row["id"]: (row["witness_id"], row["group_id"], row["reason"]) for row in rows}


def test_copies_are_dropped_at_any_epsilon_each_with_its_reason(store):
    rule = Leader(eps=0.0)

    assert fates(decide(store, compared(store, rule), rule).table) == {
        "c": ("a", "a", "exact_copy"),
        "e": ("d", "d", "perceptual_copy"),
    }


def test_the_similarity_of_a_copy_is_that_of_its_vector(store):
    rule = Leader(eps=0.0)

    rows = {row["id"]: row["similarity"] for row in decide(store, compared(store, rule), rule).table.to_pylist()}

    assert rows["c"] == pytest.approx(np.cos(np.radians(10)), abs=1e-6)
    assert rows["e"] == pytest.approx(np.cos(np.radians(50)), abs=1e-6)


def test_copies_outside_the_scope_are_compared_like_all_others(store):
    rule = Leader(eps=0.0, scope="within_source")

    decided = decide(store, compared(store, rule, sources="xxyzz"), rule).table

    assert fates(decided) == {"e": ("d", "d", "perceptual_copy")}


def test_semdedup_looks_at_vectors_alone(store):
    rule = SemDeDup(eps=0.0)

    assert fates(decide(store, compared(store, rule), rule).table) == {}


def test_without_copies_nothing_is_known_of_hashes(store, caplog):
    caplog.set_level("INFO")
    for rule in (Leader(), Leader(copies=False), Leader(max_bits=1)):
        compared(store, rule)

    assert caplog.text.count("compared by") == 3


def _names(*names: str) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(list(names) * 5)])


def _similar(**known: float) -> np.ndarray:
    return np.array([known.get(name, 0.1) for name in "abcde"], np.float32)


def test_what_a_reference_knows_is_dropped_for_it_and_is_nobodys_witness(store):
    rule = Leader(eps=0.01, copies=False)
    found = compared(store, rule)
    assert fates(decide(store, found, rule).table) == {"b": ("a", "a", "semantic_duplicate")}

    found = replace(found, known=Known(witness=_names("x"), similarity=_similar(a=0.995), made_from="x"))
    decided = decide(store, found, rule).table

    assert fates(decided) == {"a": ("x", "x", "known"), "c": ("b", "b", "semantic_duplicate")}
    assert decided["similarity"][0].as_py() == pytest.approx(0.995)


def test_a_copy_of_what_a_reference_knows_goes_with_it(store):
    rule = Leader(eps=0.01)
    found = replace(
        compared(store, rule), known=Known(witness=_names("x"), similarity=_similar(a=0.995, d=0.3), made_from="x")
    )

    assert fates(decide(store, found, rule).table) == {
        "a": ("x", "x", "known"),
        "c": ("a", "x", "exact_copy"),
        "e": ("d", "d", "perceptual_copy"),
    }
