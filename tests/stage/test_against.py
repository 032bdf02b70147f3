"""An earlier dataset, or somebody's vectors, say which clips are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from tests.stage.fan import fan_table, fan_vectors
from tests.test_pipeline import FAST
from vidcurate import curate
from vidcurate.errors import ConfigError, MissingInput, ShapeError
from vidcurate.source.folder import Folder
from vidcurate.stage.against import load_reference
from vidcurate.stage.known import FOLDER, find_known
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.files import Store
from vidcurate.table import KNOWN, vectors_table


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "out"))


@pytest.fixture
def vectors(store) -> Vectors:
    """Five clips at 0, 5, 10, 40 and 90 degrees."""
    return fan_vectors(store)


@pytest.fixture
def place(tmp_path) -> str:
    """A reference of clips at 7 (twice) and 130 degrees."""
    angles = np.radians([130, 7, 7])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    (tmp_path / "known").mkdir()
    pq.write_table(vectors_table(["far", "seen", "twin"], rows), tmp_path / "known" / "eval.parquet")
    return str(tmp_path / "known" / "eval.parquet")


def reference(against, vectors, store, embedder="fan_embd_parquet") -> Vectors:
    places = [against] if isinstance(against, str) else against
    return load_reference(places, vectors, embedder, [store.url])


def test_every_clip_has_its_nearest_of_the_reference_and_equals_the_first(store, vectors, place):
    known = find_known(store, vectors, reference(place, vectors, store), "cpu")

    assert known.witness.to_pylist() == ["seen", "seen", "seen", "seen", "far"]
    # cos 7, cos 2, cos 3, cos 33, cos 40
    assert known.similarity.tolist() == pytest.approx([0.992546, 0.999391, 0.998630, 0.838671, 0.766044], abs=1e-6)
    table = store.read_table(f"{FOLDER}/part-0.parquet")
    assert table.schema.equals(KNOWN)
    assert table["id"].to_pylist() == list("abcde")


def test_what_was_compared_is_not_compared_again_unless_the_reference_changes(store, vectors, place, caplog):
    first = find_known(store, vectors, reference(place, vectors, store), "cpu")
    with caplog.at_level("DEBUG", logger="vidcurate"):
        again = find_known(store, vectors, reference(place, vectors, store), "cpu")
    assert "known: up to date" in caplog.messages
    assert again.similarity.tolist() == first.similarity.tolist()

    pq.write_table(vectors_table(["b"], vectors.matrix[1:2]), place)
    changed = find_known(store, vectors, reference(place, vectors, store), "cpu")

    assert changed.similarity.max() == 1
    assert set(changed.witness.to_pylist()) == {"b"}


def test_several_references_count_as_one(store, vectors, place, tmp_path):
    other = tmp_path / "more.parquet"
    pq.write_table(vectors_table(["seen", "right"], np.array([[0, 1], [1, 0]], np.float32)), other)

    both = reference([place, str(other)], vectors, store)

    known = find_known(store, vectors, both, "cpu")
    assert both.ids.to_pylist() == ["far", "right", "seen", "twin"]
    assert known.witness.to_pylist() == ["right", "seen", "seen", "seen", "far"]  # `seen` is at 7 degrees, not at 90


def test_vectors_of_other_dimensions_are_refused_by_name(store, vectors, tmp_path):
    pq.write_table(vectors_table(["x"], np.ones((1, 3), np.float32)), tmp_path / "three.parquet")

    with pytest.raises(ShapeError, match=r"3 numbers, by an embedder .*those of the clips 2, by fan_embd_parquet"):
        reference(str(tmp_path / "three.parquet"), vectors, store)


def test_a_reference_without_a_place_is_an_error(store, vectors):
    with pytest.raises(MissingInput, match="no place is named"):
        reference([], vectors, store)


@pytest.mark.parametrize("own", ["out", "out/fan_embd_parquet", "out/*/*.parquet", "out/../out", "."])
def test_a_dataset_is_not_held_against_itself(store, vectors, tmp_path, own):
    with pytest.raises(ConfigError, match="that is what is deduplicated here"):
        reference(str(tmp_path / own), vectors, store)


def test_the_files_that_are_deduplicated_are_not_held_against_themselves(store, vectors, place):
    mine = str(Path(place).parent / "train.parquet")
    pq.write_table(fan_table(), mine)

    assert load_reference([place], vectors, None, [store.url, mine]).ids.to_pylist() == ["far", "seen", "twin"]
    for against in (mine, str(Path(place).parent)):
        with pytest.raises(ConfigError, match=r"against=.*name another place"):
            load_reference([against], vectors, None, [store.url, mine])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """A dataset of four clips, of which two repeat the others at a lower quality, before dedup."""
    folder = tmp_path_factory.mktemp("earlier")
    (folder / "in").mkdir()
    write_video(folder / "in" / "a.mp4", (30, 30), seed=1)
    write_video(folder / "in" / "c.mp4", (30, 30), seed=1, gop=10)
    curate(FAST, source=Folder(path=str(folder / "in")), out=str(folder / "out"), steps=["split"])
    return folder / "out"


def test_a_dataset_counts_with_the_clips_that_any_of_its_decisions_keeps(store, dataset):
    all_clips = load_vectors(str(dataset / "histogram_embd_parquet"))
    assert len(load_reference([str(dataset)], all_clips, "histogram_embd_parquet", [store.url]).ids) == 4

    kept = []
    for eps in (0.5, 0.01):
        curate(replace(FAST, dedup=replace(FAST.dedup, eps=eps)), out=str(dataset), steps=["dedup"])
        known = load_reference([str(dataset)], all_clips, "histogram_embd_parquet", [store.url])
        kept.append(len(known.ids))

    assert kept[0] <= kept[1] == 2
    decisions = pa.concat_tables(pq.read_table(path) for path in (dataset / "semantic/decisions").rglob("*.parquet"))
    assert set(known.ids.to_pylist()) == {row["id"] for row in decisions.to_pylist() if row["kept"]}


def test_a_dataset_of_another_embedder_is_refused_by_name(store, dataset):
    vectors = load_vectors(str(dataset / "histogram_embd_parquet"))

    with pytest.raises(ShapeError, match=r"by histogram_embd_parquet; those of the clips 256, by clip_embd_parquet"):
        load_reference([str(dataset)], vectors, "clip_embd_parquet", [store.url])
