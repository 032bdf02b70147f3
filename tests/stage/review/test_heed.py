"""What becomes of a group when a person keeps or drops one of it, whatever the rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.stage.cut import cut, decisions
from tests.stage.fan import fan_vectors
from tests.stage.test_fates import hashes
from vidcurate.dedup.base import Dedup
from vidcurate.dedup.components import Components
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.neighbours.clustered import Clustered
from vidcurate.stage.cluster import one_group
from vidcurate.stage.decide import decide
from vidcurate.stage.known import Known
from vidcurate.stage.neighbours import Compared, find_neighbours
from vidcurate.stage.outcome import outcomes
from vidcurate.stage.review.heed import heeded, kept_by_word, overruled, respoken
from vidcurate.stage.review.verdicts import Review
from vidcurate.stage.subsets import subsets
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import HASHES, table

RULES = (Leader, SemDeDup, Components)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def said(keep: str = "", drop: str = "") -> Review:
    """Of clips with names of one letter."""
    words = dict.fromkeys(keep, "keep") | dict.fromkeys(drop, "drop")
    return Review(place="review.csv", verdicts=words, lines={name: 2 for name in words}, notes={})


def compared(
    store: Store, rule: Dedup, vectors: Vectors | None = None, known_copies: pa.Table | None = None
) -> Compared:
    vectors = vectors or fan_vectors(store)
    return find_neighbours(store, vectors, one_group(vectors), Clustered(), rule, 0, "cpu", known_copies)


def fates(table: pa.Table) -> dict[str, tuple]:
    """Of each clip whether it stays, its witness, group and reason."""
    return {row["id"]: (row["kept"], row["witness_id"], row["group_id"], row["reason"]) for row in table.to_pylist()}


def decided(store: Store, rule: Dedup, review: Review, **kwargs: pa.Table) -> dict[str, tuple]:
    return fates(decide(store, heeded(compared(store, rule, **kwargs), review), rule).table)


def test_dropping_a_witness_elects_the_best_of_its_group(store):
    rule = Leader(eps=0.02, copies=False)  # b and c are dropped for a

    found = decided(store, rule, said(drop="a"))

    assert found["a"] == (False, None, "a", "reviewed")
    assert found["b"] == (True, None, "b", "")
    assert found["c"] == (False, "b", "b", "semantic_duplicate")


def test_keeping_a_duplicate_changes_nothing_but_itself(store):
    rule = Leader(eps=0.02, copies=False)

    found = decided(store, rule, said(keep="c"))

    assert found["a"] == (True, None, "a", "")
    assert found["b"] == (False, "a", "a", "semantic_duplicate")
    assert found["c"] == (True, None, "a", "reviewed")


def test_keeping_and_dropping_within_a_group_swaps_them(store):
    found = decided(store, Leader(eps=0.02, copies=False), said(keep="b", drop="a"))

    assert (found["a"][0], found["b"][0]) == (False, True)
    assert found["c"] == (False, "b", "b", "semantic_duplicate")


def test_what_is_dropped_for_a_clip_that_a_person_keeps_stays_in_the_group(store):
    found = decided(store, SemDeDup(eps=0.01, keep="best"), said(keep="b"))  # c is dropped for b, b for a

    assert found["b"] == (True, None, "a", "reviewed")
    assert found["c"] == (False, "b", "a", "semantic_duplicate")


def test_a_person_overrules_a_reference(store):
    rule = Leader(eps=0.01, copies=False)
    known = Known(
        witness=pa.chunked_array([pa.array(["x"] * 5)]), similarity=np.full(5, 0.999, np.float32), made_from="x"
    )

    table = decide(store, heeded(replace(compared(store, rule), known=known), said(keep="d", drop="e")), rule).table

    found = fates(table)
    assert found["a"] == (False, "x", "x", "known")
    assert found["d"] == (True, None, "d", "reviewed")
    assert found["e"] == (False, None, "e", "reviewed")


def test_the_best_copy_takes_the_place_of_the_one_that_is_dropped(store):
    rule = Leader(eps=0.01)  # c repeats a, and b is dropped for a

    found = decided(store, rule, said(drop="a"), known_copies=hashes())

    assert found["a"][3] == "reviewed"
    assert found["b"] == (True, None, "b", "")
    assert found["c"] == (False, "b", "b", "semantic_duplicate")
    assert decided(store, rule, said(keep="c"), known_copies=hashes())["c"] == (True, None, "a", "reviewed")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_drops_by_word_leave_what_a_dataset_without_those_clips_would_be(store, rule, seed):
    random = np.random.default_rng(seed)
    bases = random.normal(size=(12, 8))[random.integers(0, 12, 60)]
    contents = random.integers(0, 45, 60)  # equal contents, equal vectors: exact copies
    matrix = (bases + 0.25 * random.normal(size=(60, 8)))[contents].astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    names = [chr(0x100 + number) for number in range(60)]
    drop = "".join(random.permutation(names)[:20])
    facts = {"duration": 2.0, "phash": [0]}
    same = [{"clip_id": name, "content_hash": str(one), **facts} for name, one in zip(names, contents, strict=True)]
    own, rows = rule(eps=0.1, keep="best", copies=True), np.array([name not in drop for name in names])
    every = Vectors(ids=pa.array(names), matrix=matrix, digest="all")
    fewer = Vectors(ids=pa.array(np.array(names)[rows]), matrix=matrix[rows], digest="some")

    found = decided(store, own, said(drop=drop), vectors=every, known_copies=table(HASHES, same))
    expected = fates(decide(store, compared(store, own, fewer, table(HASHES, same)), own).table)

    left = {name: fate for name, fate in found.items() if name not in drop}
    assert {name for name, fate in left.items() if fate[0]} == {name for name, fate in expected.items() if fate[0]}
    assert all(fate[1] not in drop and fate[2] not in drop for fate in left.values() if fate[1])
    assert all(found[fate[2]][0] for fate in left.values())
    assert len(found) == 60


@pytest.mark.parametrize("rule", RULES)
def test_epsilons_are_compared_as_they_are_decided(store, rule):
    own = rule(eps=0.02, copies=False)
    heard = heeded(compared(store, own), said(keep="b", drop="d"))

    found = outcomes(heard, own, [0.02])[0.02]

    assert found.kept.sum() == decide(store, heard, own).kept


def test_another_word_decides_anew_and_the_record_counts_words(store, caplog):
    caplog.set_level("DEBUG")
    rule = Leader(eps=0.02, copies=False)
    pairs = compared(store, rule)
    for review in (said(keep="c"), said(keep="c"), said(drop="c")):
        decide(store, heeded(pairs, review), rule)

    assert [line.split(":")[1].split(";")[0].strip() for line in caplog.messages if line.startswith("decisions")] == [
        "4 of 5 clips kept at eps=0.02",
        "up to date",
        "3 of 5 clips kept at eps=0.02",
    ]
    assert committed(store, "semantic/decisions/eps=0.02")["reviewed"] == {"kept": 0, "dropped": 1}


def test_a_run_that_forgets_a_review_says_so(store, caplog):
    rule = Leader(eps=0.02, copies=False)
    pairs = compared(store, rule)
    decide(store, heeded(pairs, said(keep="c")), rule)

    decide(store, pairs, rule)

    assert "until now a review kept 1 clips and dropped 0; this run heeds none" in caplog.text
    assert "reviewed" not in committed(store, "semantic/decisions/eps=0.02")


def test_filters_are_overruled_where_there_is_a_file():
    clips = cut(["a", "b", "c"], filtered=["b", "c"]).clips
    clips = clips.set_column(2, clips.schema.field("uri"), pa.array(["clips/a.mp4", "filtered_clips/b.mp4", None]))

    found = overruled(clips, said(keep="abc")).to_pylist()

    assert [(row["kept"], row["reason"]) for row in found] == [(True, ""), (True, ""), (False, "too_dark")]
    assert overruled(clips, None) is clips


def test_of_decisions_of_others_groups_elect_the_most_similar(store):
    theirs = decisions({"a": "a", "b": "a", "c": "a", "d": "d", "e": "e"})
    similar = pa.array([0.5, 0.97, 0.99, 0.1, 0.1], pa.float32())
    theirs = theirs.set_column(3, theirs.schema.field("similarity"), similar)

    assert fates(respoken(theirs, said(keep="e", drop="a"))) == {
        "a": (False, None, "a", "reviewed"),
        "b": (False, "c", "c", "semantic_duplicate"),
        "c": (True, None, "c", ""),
        "d": (True, None, "d", ""),
        "e": (True, None, "e", "reviewed"),
    }
    assert fates(respoken(theirs, said(keep="b")))["b"] == (True, None, "a", "reviewed")
    assert fates(respoken(theirs, said(keep="bc", drop="a")))["c"] == (True, None, "c", "reviewed")
    assert respoken(theirs, None) is theirs


def test_a_clip_that_is_kept_by_word_ties_its_video_to_that_of_what_it_looks_like():
    tables = cut({"a": "v1", "b": "v2"})
    told = respoken(decisions({"a": "a", "b": "a"}), said(keep="b"))

    kept = pa.chunked_array([["a", "b"]])
    for seed in range(8):
        assert len(set(subsets(tables.clips, told, kept, 0.5, 0.0, seed).values())) == 1
    assert kept_by_word(told).to_pylist() == ["b"]
