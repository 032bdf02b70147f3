from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.stage.nemo import write_list, write_scores, write_vectors
from vidcurate.dedup.leader import Leader
from vidcurate.errors import MissingInput, ShapeError
from vidcurate.stage.foreign_decisions import foreign_decisions
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, table

RULE = Leader(eps=0.01)


@pytest.fixture
def decide(tmp_path):
    """`decide("abc")` is the fate of clips a, b and c: their group, or how they were dropped without one."""

    def decide(names: str, place: Path = tmp_path / "theirs", rule: Leader = RULE, unique_ids: str | None = None):
        rows = [{"clip_id": name, "kept": True, "reason": ""} for name in names]
        clips = table(CLIPS, [*rows, {"clip_id": "filtered", "kept": False, "reason": "luma"}])
        clips, decisions = foreign_decisions(str(place), clips, rule, Store(str(tmp_path / "ours")), unique_ids)
        dropped = {row["clip_id"]: row["reason"] for row in clips.to_pylist() if not row["kept"]}
        assert dropped.pop("filtered") == "luma"
        groups = {row["id"]: row["group_id"] for row in decisions.to_pylist()}
        assert all(row["kept"] == (row["id"] == row["group_id"]) for row in decisions.to_pylist())
        return dropped | groups

    return decide


def scores(tmp_path: Path, *rows: tuple[str, str, float]) -> Path:
    folder = tmp_path / "theirs" / "extraction" / "semdedup_pruning_tables"
    write_scores(folder, *rows)
    return folder


def test_a_score_is_held_against_epsilon_as_ours_are(tmp_path, decide):
    tie, above = np.float32(1 - 0.01), np.nextafter(np.float32(1 - 0.01), np.float32(1))
    folder = scores(tmp_path, ("a", "a", 0.0), ("b", "a", tie), ("c", "a", above))

    assert decide("abc") == {"a": "a", "b": "b", "c": "a"}
    assert decide("abc", rule=Leader(eps=0.02)) == {"a": "a", "b": "a", "c": "a"}
    assert decide("abc", folder) == decide("abc", folder.parent) == decide("abc", folder / "cluster_0.parquet")


def test_a_duplicate_of_a_dropped_clip_is_dropped_too_as_there(tmp_path, decide):
    scores(tmp_path, ("a", "a", 0.0), ("b", "a", 0.995), ("c", "b", 0.995))

    assert decide("abc") == {"a": "a", "b": "a", "c": "a"}


def test_what_a_missing_clip_duplicates_counts_and_where_nothing_is_left_a_clip_stays(tmp_path, decide, caplog):
    scores(tmp_path, ("a", "a", 0.0), ("b", "a", 0.995), ("c", "b", 0.995), ("d", "c", 0.995))

    assert decide("acd") == {"a": "a", "c": "a", "d": "a"}
    assert decide("cd") == {"c": "c", "d": "c"}
    assert "1 clips stay, as what they duplicate is not in this dataset" in caplog.text


def test_decisions_are_stored_as_ours_are(tmp_path, decide):
    scores(tmp_path, ("a", "a", 0.0), ("b", "a", 0.995))

    decide("ab")

    [kept, dropped] = Store(str(tmp_path / "ours")).read_table("semantic/decisions/eps=0.01/part-0.parquet").to_pylist()
    assert kept == {"id": "a", "kept": True, "witness_id": None, "similarity": 0.0, "group_id": "a", "reason": ""}
    assert dropped["witness_id"] == "a"
    assert dropped["similarity"] == pytest.approx(0.995)
    assert dropped["reason"] == "semantic_duplicate"


def test_a_place_without_decisions_or_with_those_of_other_clips_is_an_error(tmp_path, decide):
    with pytest.raises(MissingInput, match="found no parquet file"):
        decide("ab")
    (tmp_path / "theirs").mkdir()
    write_vectors(tmp_path / "theirs", a=(1.0, 0.0))
    with pytest.raises(MissingInput, match="found other parquet files"):
        decide("ab", tmp_path / "theirs" / "iv2_embd_parquet")
    scores(tmp_path, ("a", "a", 0.0), ("b", "a", 0.995))
    with pytest.raises(MissingInput, match=r"says nothing of 2 of 3 clips \(c, d\): it is of another dataset"):
        decide("acd")


def test_tables_of_several_runs_and_with_holes_are_errors(tmp_path, decide):
    folder = scores(tmp_path, ("a", "a", 0.0), ("b", "a", 0.995))
    (folder / "cluster_1.parquet").write_bytes((folder / "cluster_0.parquet").read_bytes())
    with pytest.raises(ShapeError, match=r"2 ids come twice \(a, b\)"):
        decide("ab")
    (folder / "cluster_1.parquet").unlink()
    scores(tmp_path, ("a", "a", 0.0), ("b", "gone", 0.995))
    with pytest.raises(ShapeError, match=r"1 duplicates \(b\) are of clips without a row"):
        decide("ab")
    scores(tmp_path, ("a", "c", 0.995), ("b", "a", 0.995), ("c", "b", 0.995))
    with pytest.raises(ShapeError, match="in a circle"):
        decide("abc")


def test_a_list_of_nemo_0_9_needs_a_word_on_what_it_is_of(tmp_path, decide):
    write_list(tmp_path / "theirs" / "extraction" / "unique_ids_0.01.parquet", "b", "of another dataset")

    with pytest.raises(MissingInput, match="Say unique_ids=remove"):
        decide("ab")

    assert decide("ab", unique_ids="remove") == {"a": "a", "b": "semantic_duplicate"}
    assert decide("ab", unique_ids="keep") == {"a": "semantic_duplicate", "b": "b"}
    with pytest.raises(MissingInput, match=r"dedup.eps=0.02 takes unique_ids_0.02.parquet; there is unique_ids_0.01"):
        decide("ab", rule=Leader(eps=0.02), unique_ids="remove")
    with pytest.raises(MissingInput, match=r"lists 2 ids, and none of these 2 of 2 clips \(c, d\)"):
        decide("cd", unique_ids="remove")


def test_tables_beside_a_list_are_believed(tmp_path, decide):
    write_list(tmp_path / "theirs" / "extraction" / "unique_ids_0.01.parquet", "a")
    scores(tmp_path, ("a", "a", 0.0), ("b", "a", 0.995))

    assert decide("ab") == {"a": "a", "b": "a"}


def test_duplicates_of_nemo_curator_are_ids_to_remove(tmp_path, decide):
    write_list(tmp_path / "theirs" / "duplicates" / "0.parquet", "b")

    assert decide("ab") == {"a": "a", "b": "semantic_duplicate"}
