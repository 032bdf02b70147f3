"""A review from the file to the shards: what it keeps and drops, that nothing is lost, and who knows of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.stage.review.made import RECIPE, copied, names, reviewing, rows, write_review
from tests.stage.verify.made import verified
from vidcurate import curate
from vidcurate.dedup.none import KeepAll
from vidcurate.errors import ConfigError, MissingInput
from vidcurate.source.folder import Folder
from vidcurate.store.files import Store


def packed(out: Path) -> set[str]:
    return {key for file in (out / "webdataset").rglob("*.parquet") if file.stem.isdigit() for key in keys_in(file)}


def keys_in(file: Path) -> list[str]:
    return [row["key"] for row in rows(file.parent, file.name)]


def drops(out: Path) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["stage"], row["reason"]) for row in rows(out, "webdataset/v0/drops.parquet")}


def test_a_review_overrules_filters_and_dedup_and_everything_adds_up(made, tmp_path):
    out = copied(made, tmp_path)
    filtered, duplicate, witness = names(out)
    review = write_review(tmp_path, **{filtered: "keep", duplicate: "keep", witness: "drop"})

    summary = curate(reviewing(review), out=str(out), steps=["dedup", "shard"])

    every = {row["clip_id"] for row in rows(out, "tables/clips")}
    assert packed(out) == every - {witness}
    assert drops(out) == {witness: ("review", "reviewed")}
    assert summary["review"] == {"kept": 2, "dropped": 1}
    assert summary["dedup"] == {"eps": 0.01, "kept": 4, "removed": 1, "total": 5}
    assert verified(out, reviewing(review)) == (set(), "")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "reviewed" in page


def test_shard_alone_heeds_a_review_of_what_dedup_has_compared(made, tmp_path):
    out = copied(made, tmp_path)
    _, duplicate, witness = names(out)

    curate(reviewing(write_review(tmp_path, **{witness: "drop"})), out=str(out), steps=["shard"])

    assert duplicate in packed(out)
    assert witness not in packed(out)
    assert verified(out, RECIPE) == (set(), "")  # which reads in run.json what has made the shards

    curate(RECIPE, out=str(out), steps=["shard"])

    assert duplicate not in packed(out)
    assert witness in packed(out)


def test_shard_says_that_dedup_must_first_compare_what_filters_had_dropped(made, tmp_path):
    out = copied(made, tmp_path)

    with pytest.raises(MissingInput, match=r"keeps 1 clips against the filters that dedup has not compared; run"):
        curate(reviewing(write_review(tmp_path, **{names(out)[0]: "keep"})), out=str(out), steps=["shard"])


def test_a_changed_file_decides_anew_and_an_equal_one_does_nothing(made, tmp_path, caplog):
    out = copied(made, tmp_path)
    _, duplicate, _ = names(out)
    recipe = reviewing(write_review(tmp_path, **{duplicate: "keep"}))
    curate(recipe, out=str(out), steps=["dedup", "shard"])
    caplog.set_level("DEBUG")

    curate(recipe, out=str(out), steps=["dedup", "shard"])
    assert "decisions: up to date" in caplog.text
    assert "shard: up to date" in caplog.text
    write_review(tmp_path, **{duplicate: "drop"})
    curate(recipe, out=str(out), steps=["dedup", "shard"])

    assert drops(out)[duplicate] == ("review", "reviewed")


def test_without_dedup_a_review_counts_all_the_same(made, tmp_path):
    out = copied(made, tmp_path)
    filtered, duplicate, witness = names(out)
    recipe = replace(RECIPE, dedup=KeepAll())
    review = write_review(tmp_path, **{filtered: "keep", duplicate: "drop"})

    curate(reviewing(review, recipe), out=str(out), steps=["shard"])

    assert drops(out) == {duplicate: ("review", "reviewed")}
    assert {filtered, witness} <= packed(out)
    assert verified(out, recipe) == (set(), "")

    assert curate(recipe, out=str(out), steps=["shard"])["review"] is None
    assert set(drops(out)) == {filtered}


def test_a_clip_that_a_new_batch_may_not_bring_in_is_brought_in_by_word(made, tmp_path):
    out = copied(made, tmp_path)
    _, duplicate, _ = names(out)
    appending = replace(RECIPE, sharder=replace(RECIPE.sharder, append=True))

    curate(reviewing(write_review(tmp_path, **{duplicate: "keep"}), appending), out=str(out), steps=["shard"])

    assert duplicate in packed(out)


def test_a_file_that_was_removed_cannot_be_kept(made, tmp_path):
    videos, out = made[0], tmp_path / "out"
    recipe = replace(RECIPE, keep_filtered=False)
    curate(recipe, source=Folder(path=str(videos)), out=str(out))
    filtered, *_ = names(out)

    with pytest.raises(ConfigError, match=r"line 2: '.*' cannot be kept: it was dropped as too_static and keep_filt"):
        curate(reviewing(write_review(tmp_path, **{filtered: "keep"}), recipe), out=str(out), steps=["dedup"])


def test_of_vectors_alone_their_ids_are_known(made, tmp_path):
    place = f"{made[1]}/{RECIPE.embedder.folder}"
    ids = sorted(row["id"] for row in rows(made[1], RECIPE.embedder.folder))
    recipe = reviewing(write_review(tmp_path, **{ids[0]: "drop", "nobody": "keep"}))

    with pytest.raises(ConfigError, match="line 3: 'nobody' is no clip of this dataset"):
        curate(recipe, out=str(tmp_path / "new"), steps=["dedup"], embeddings=place)
    write_review(tmp_path, **{ids[0]: "drop"})
    curate(recipe, out=str(tmp_path / "new"), steps=["dedup"], embeddings=place)

    store = Store(str(tmp_path / "new"))
    decided = store.read_table("semantic/decisions/eps=0.01/part-0.parquet").to_pylist()
    assert decided[0] | {"similarity": 0} == {
        "id": ids[0], "kept": False, "witness_id": None, "similarity": 0, "group_id": ids[0], "reason": "reviewed",
    }  # fmt: skip
