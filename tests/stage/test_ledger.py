"""A re-run reads a ledger instead of records, and is not misled by one that is wrong, old or missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest

from benchmarks.synthetic import recipe, records, write_records, write_source
from vidcurate import curate
from vidcurate.filter.luma import Luma
from vidcurate.filter.motion import Motion
from vidcurate.source.folder import Folder
from vidcurate.stage.ledger import KEY, known_briefs, read_ledger, record_stamps
from vidcurate.stage.settle import read_tables
from vidcurate.stage.settled import KEY as SETTLED
from vidcurate.store.files import Store

LONG_AGO = 1_000_000_000
RECIPE = recipe()


@pytest.fixture
def dataset(tmp_path) -> Path:
    """Three videos with two clips each, recorded long ago and settled."""
    made = records(write_source(tmp_path / "videos", 3), 2, RECIPE)
    write_records(Store(str(tmp_path / "out")), made, files=True)
    for path in (tmp_path / "out/processed_videos").iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    split(tmp_path)
    return tmp_path


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """Keys of the records that are read from here on."""
    keys: list[str] = []
    read_json = Store.read_json

    def counted(store: Store, key: str) -> object:
        if key.startswith("processed_videos/"):
            keys.append(Path(key).stem)
        return read_json(store, key)

    monkeypatch.setattr(Store, "read_json", counted)
    return keys


def split(folder: Path, **changes: object) -> dict:
    return curate(
        replace(RECIPE, **changes), source=Folder(path=str(folder / "videos")), out=str(folder / "out"), steps=["split"]
    )


def committed(folder: Path) -> list[Path]:
    return sorted((folder / "out/processed_videos").glob("*.json"))


def tables(folder: Path) -> dict[str, tuple[int, bytes]]:
    """When each table was written, and what it holds."""
    found = sorted((folder / "out/tables").glob("*/*.parquet"))
    return {path.parent.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_a_run_with_nothing_to_do_reads_no_record_and_writes_no_table(dataset, read):
    before = tables(dataset)

    summary = split(dataset)

    assert read == []
    assert tables(dataset) == before
    assert (summary["videos"]["kept"], summary["clips"]["kept"]) == (3, 6)


def test_an_altered_record_is_read_and_the_tables_follow(dataset, read):
    path = committed(dataset)[1]
    told = json.loads(path.read_text())
    told["clips"][0]["num_bytes"] = 1_111_111  # as many digits: the same size
    path.write_text(json.dumps(told, sort_keys=True, separators=(",", ":")) + "\n")

    split(dataset)

    assert path.stem in read
    assert 1_111_111 in read_tables(Store(str(dataset / "out"))).clips["num_bytes"].to_pylist()


def test_a_removed_record_has_its_video_processed_again(dataset):
    committed(dataset)[0].unlink()

    summary = curate(
        RECIPE,
        source=Folder(path=str(dataset / "videos")),
        out=str(dataset / "out"),
        steps=["split"],
        max_failures=1,
    )

    assert summary["videos"] == {"in": 3, "kept": 2, "filtered": 0, "duplicate": 0, "failed": 1}  # it is no real video
    assert summary["clips"]["cut"] == 4


@pytest.mark.parametrize("key", [KEY, SETTLED])
def test_a_ledger_or_mark_that_is_missing_or_spoilt_is_made_again(dataset, key):
    path, before = dataset / "out" / key, {name: content for name, (_, content) in tables(dataset).items()}
    size = path.stat().st_size
    path.unlink()
    split(dataset)
    assert path.stat().st_size == size

    path.write_bytes(b"nonsense")
    split(dataset)

    assert path.stat().st_size == size
    assert {name: content for name, (_, content) in tables(dataset).items()} == before


def test_a_ledger_from_before_a_kill_knows_what_was_committed_since(dataset, read):
    old, path = (dataset / "out" / KEY).read_bytes(), committed(dataset)[2]
    record = json.loads(path.read_text())
    record["video"]["license"] = "CC0"
    path.write_text(json.dumps(record))  # a run commits a video and is killed before it writes its ledger
    store = Store(str(dataset / "out"))

    briefs = known_briefs(store, read_ledger(store), record_stamps(store))

    assert (dataset / "out" / KEY).read_bytes() == old
    assert read == [path.stem]
    assert [brief.license for _, brief in sorted(briefs.items())] == ["", "", "CC0"]


def test_a_record_that_was_just_written_is_not_entered(dataset):
    path = committed(dataset)[0]
    path.write_bytes(path.read_bytes())
    store = Store(str(dataset / "out"))

    split(dataset)

    assert sorted(read_ledger(store)) == [one.stem for one in committed(dataset)[1:]]


@pytest.mark.parametrize("what", ["table", "clip"])
def test_what_was_removed_beside_the_records_is_noticed(dataset, what):
    before = tables(dataset)
    if what == "table":
        (dataset / "out/tables/clips/part-0.parquet").unlink()
    else:
        next((dataset / "out/clips").glob("*.mp4")).rename(dataset / "out/clips/away")

    summary = curate(
        RECIPE, source=Folder(path=str(dataset / "videos")), out=str(dataset / "out"), steps=["split"], max_failures=1
    )

    if what == "table":
        assert tables(dataset)["clips"][1] == before["clips"][1]
    else:  # its video was to be cut again, and is no real one
        assert summary["videos"]["failed"] == 1


def test_another_bound_settles_anew_without_a_look_at_any_video(dataset):
    motion = read_tables(Store(str(dataset / "out"))).scores.to_pylist()
    least = min(row["value"] for row in motion if row["filter"] == "motion")

    summary = split(dataset, filter=(Motion(min=least + 1e-6), Luma()))

    assert summary["clips"]["kept"] == 5
    assert split(dataset)["clips"]["kept"] == 6


def test_the_ledger_works_by_etags_or_times_of_a_remote_listing():
    store = Store("memory://ledger")
    write_records(store, records([], 1, RECIPE))
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/ledger/processed_videos/a.json", b"{}")
    fs.pipe_file("/ledger/processed_videos/_ledger", b"")

    stamps = record_stamps(store)

    assert list(stamps) == ["a"]
    assert stamps["a"].text.startswith("2 ")


@pytest.mark.slow
def test_a_run_with_nothing_to_do_imports_no_framework(dataset):
    script = f"""
import sys
from tests.stage.test_ledger import split
from pathlib import Path
split(Path({str(dataset)!r}))
print(sorted({{"torch", "scipy", "faiss", "cv2", "transformers", "dask"}} & set(sys.modules)))
"""

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ended.stdout.splitlines()[-1] == "[]"
