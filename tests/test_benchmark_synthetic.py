from __future__ import annotations

import uuid

from benchmarks.synthetic import (
    CLIP,
    VIDEO,
    names,
    recipe,
    records,
    tables,
    videos,
    write_records,
    write_source,
    write_tables,
    write_vectors,
)
from vidcurate.run import curate
from vidcurate.source.folder import Folder
from vidcurate.stage.settle import read_tables, settle
from vidcurate.stage.vectors import load_vectors
from vidcurate.store.files import Store


def test_ids_look_like_uuids_and_depend_on_nothing_but_kind_and_number():
    found = names(CLIP, 0, 1000).to_pylist()

    assert len(set(found) | set(names(VIDEO, 0, 1000).to_pylist())) == 2000
    assert [str(uuid.UUID(name)) for name in found] == found
    assert names(CLIP, 10, 20).to_pylist() == found[10:20]


def test_a_run_of_a_synthetic_dataset_has_nothing_to_do_but_to_write_its_tables(tmp_path):
    store = Store(str(tmp_path / "out"))
    write_records(store, records(write_source(tmp_path / "videos", 3), 4, recipe()), files=True)

    summary = curate(recipe(), source=Folder(path=str(tmp_path / "videos")), out=store.url, steps=["split"])

    assert summary["videos"] == {"in": 3, "kept": 3, "filtered": 0, "duplicate": 0, "failed": 0}
    assert summary["clips"]["cut"] == 12


def test_tables_have_the_rows_that_settling_the_records_gives(tmp_path):
    of, settled = recipe(), Store(str(tmp_path / "settled"))
    write_records(settled, records(videos(6), 3, of), files=True)
    settle(settled, list(records(videos(6), 3, of)), of)
    store = Store(str(tmp_path / "direct"))

    write_tables(store, 6, 3, of)

    ours, direct = read_tables(settled), read_tables(store)
    fates = ["uri", "num_bytes", "kept", "reason"]  # some of the scores that are drawn for records are beyond bounds
    assert direct.clips.drop_columns(fates) == ours.clips.drop_columns(fates)
    assert direct.hashes == ours.hashes
    assert direct.videos.drop_columns(["status", "reason"]) == ours.videos.drop_columns(["status", "reason"])


def test_vectors_belong_to_the_clips_of_the_tables(tmp_path):
    store = Store(str(tmp_path))

    write_vectors(store, 12, 8, recipe())

    clips = next(tables(3, 4))["clips"]
    vectors = load_vectors(str(tmp_path / recipe().embedder.folder), only=clips["clip_id"].to_pylist())
    assert vectors.matrix.shape == (12, 8)
