"""The step from what dedup has stored to semantic/advice.{json,md}, on a made dataset."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.advice import RECIPE, write_dataset
from vidcurate import curate
from vidcurate.dedup.base import is_duplicate
from vidcurate.dedup.leader import Leader
from vidcurate.errors import ConfigError, MissingInput
from vidcurate.recipe import Advise
from vidcurate.stage.advise import advise
from vidcurate.stage.dedup import dedup_clips
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("advised")
    write_dataset(root)
    return root


def run(root: Path, **wishes) -> dict:
    curate(replace(RECIPE, advise=Advise(**wishes)), out=str(root), steps=["advise"])
    return json.loads((root / "semantic/advice.json").read_text(encoding="utf-8"))


def write_labels(path: Path, root: Path, bar: float, every: int = 1) -> Path:
    """Marks of somebody who calls two clips the same from a similarity on."""
    pairs = pq.read_table(root / "semantic/pairs").to_pylist()[::every]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "other_id", "similarity", "label", "time"])
        for pair in pairs:
            label = "same" if pair["similarity"] > bar else "different"
            writer.writerow([pair["id"], pair["other_id"], pair["similarity"], label, ""])
    return path


def test_without_labels_marks_are_asked_for_and_chance_is_told(root, caplog):
    with caplog.at_level("INFO"):
        found = run(root)

    assert found["advice"] is None
    assert "no epsilon is advised yet" in caplog.text
    assert f"{found['request']['marks']} more marks as same would carry it to eps=" in caplog.text
    assert "without labels: eps=" in caplog.text
    assert found["chance"]["random_pairs"] == found["chance"]["all_pairs"] == 1633  # of 70 clips in 3 videos
    assert found["floor"] == 0.7


def test_bands_count_the_pairs_that_dedup_stored(root):
    found = run(root)
    similarity = pq.read_table(root / "semantic/pairs")["similarity"].to_numpy()

    assert sum(band["pairs"] for band in found["bands"]) == is_duplicate(similarity, 0.3).sum() > 100
    for band in found["bands"]:
        inside = (similarity > np.float32(1 - band["eps"])) & (similarity <= np.float32(1 - band["eps_inner"]))
        assert band["pairs"] == inside.sum()


def test_labels_give_the_epsilon_up_to_which_pairs_are_the_same(root, tmp_path, caplog):
    labels = write_labels(tmp_path / "labels.csv", root, bar=0.93)

    with caplog.at_level("INFO"):
        found = run(root, labels=str(labels), precision=0.99)

    similarity = pq.read_table(root / "semantic/pairs")["similarity"].to_numpy()
    same = similarity > 0.93
    advised = found["advice"]
    # every pair is marked, so nothing is open: the share above 1 - eps is exact at the border of .07 ...
    assert 0.07 <= advised["eps"] < 0.08
    assert advised["low"] == advised["precision"] == advised["high"] >= 0.99
    assert same[similarity > np.float32(0.93)].mean() == 1.0
    # ... and no pair beyond it is the same, so that one band's weight ends it
    assert advised["eps_of_precise_bands"] == 0.07
    assert f"to decide at it: dedup.eps={advised['eps']}" in caplog.text
    assert f"dedup.eps={advised['eps']}\n" in (root / "semantic/advice.md").read_text(encoding="utf-8")


def test_what_it_would_keep_is_what_dedup_then_keeps(root, tmp_path):
    labels = write_labels(tmp_path / "labels.csv", root, bar=0.9)
    advised = run(root, labels=str(labels))["advice"]

    summary = curate(replace(RECIPE, dedup=Leader(eps=advised["eps"])), out=str(root), steps=["dedup"])

    assert summary["dedup"]["kept"] == advised["kept"]
    assert summary["dedup"]["removed"] == advised["removed"] > 0


def test_labels_in_the_dataset_are_found_and_more_are_asked_for_where_they_are_few(root, tmp_path):
    write_labels(root / "semantic/labels.csv", root, bar=0.8, every=4)
    try:
        found = run(root)
    finally:
        (root / "semantic/labels.csv").unlink()

    marked = sum(band["same"] + band["different"] for band in found["bands"])
    assert marked == 35  # each fourth of 140
    assert found["request"]["marks"] == sum(band["marks"] for band in found["request"]["bands"]) > 0


def test_labels_of_another_dataset_stop_it_before_anything_is_written(root, tmp_path):
    before = (root / "semantic/advice.json").read_bytes()
    (tmp_path / "labels.csv").write_text("id,other_id,label\nclip001,clip999,same\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="1 of 1 labels are of no pair of this dataset: 1 name a clip"):
        run(root, labels=str(tmp_path / "labels.csv"))
    assert (root / "semantic/advice.json").read_bytes() == before


def test_dedup_must_come_first(tmp_path):
    with pytest.raises(MissingInput, match=r"run \+experiment=dedup"):
        run(tmp_path)


def test_of_many_pairs_only_what_is_asked_for_is_decided(root, tmp_path, monkeypatch):
    labels = write_labels(tmp_path / "labels.csv", root, bar=0.9)
    every = run(root, labels=str(labels))
    monkeypatch.setattr("vidcurate.stage.advise.DECISIONS", 0)

    assert run(root, labels=str(labels)) == every
    store = Store(str(root))
    kept = advise(store, read_tables(store), RECIPE, None, 0).kept
    assert list(kept) == [band["eps"] for band in every["bands"]]


def test_only_pairs_within_the_scope_are_drawn(root, tmp_path):
    store = Store(str(tmp_path))
    for key in Store(str(root)).keys("tables") + Store(str(root)).keys(RECIPE.embedder.folder):
        store.write(key, (root / key).read_bytes())
    recipe = replace(RECIPE, dedup=Leader(scope="across_sources"))
    dedup_clips(store, read_tables(store), recipe, None, 0)

    found = advise(store, read_tables(store), recipe, None, 0)

    videos = {row["clip_id"]: row["video_id"] for row in read_tables(store).clips.to_pylist()}
    ids = found.ids.to_pylist()
    drawn = [(videos[ids[found.graph.first[row]]], videos[ids[found.graph.second[row]]]) for row in found.shown]
    assert len(drawn) > 20
    assert all(one != other for one, other in drawn)


def test_without_vectors_chance_is_left_out_and_the_rest_goes_on(root, tmp_path, caplog):
    store = Store(str(tmp_path))
    for key in Store(str(root)).keys("tables"):
        store.write(key, (root / key).read_bytes())
    place = f"{root}/{RECIPE.embedder.folder}"
    curate(RECIPE, out=str(tmp_path), steps=["dedup"], embeddings=place)

    assert run(tmp_path)["chance"] is None
    assert "chance is left out" in caplog.text
    curate(RECIPE, out=str(tmp_path), steps=["advise"], embeddings=place)
    assert json.loads((tmp_path / "semantic/advice.json").read_text())["chance"]["random_pairs"] == 1633


def test_the_same_seed_gives_the_same_page(root):
    run(root)
    before = (root / "advise.html").read_bytes()

    run(root)

    assert (root / "advise.html").read_bytes() == before
