"""Hashes are one more product of a video: they are made with its clips, or later from them, and end in a table."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from tests.stage.test_keep_filtered import recipe
from tests.video.test_contents import packed_anew
from vidcurate import curate
from vidcurate.preview.none import NoPreview
from vidcurate.source.folder import Folder
from vidcurate.stage.record import read_records
from vidcurate.store.files import Store
from vidcurate.table import HASHES

RECIPE = replace(recipe(), preview=NoPreview())


@pytest.fixture
def split(tmp_path):
    """A dataset of two videos of two clips each; the second is the first in another container, without its sound."""
    source = tmp_path / "in"
    source.mkdir()
    path = write_video(source / "a.mp4", (30, 30), seed=1, audio=True)
    packed_anew(path, source / "b.mkv")

    def run() -> Path:
        fixed = replace(RECIPE, splitter=replace(RECIPE.splitter, length=1.2))
        curate(fixed, out=str(tmp_path / "out"), source=Folder(path=str(source)), steps=["split"])
        return tmp_path / "out"

    return run


def rows(out: Path, name: str) -> list[dict]:
    return pq.read_table(out / "tables" / name).to_pylist()


def test_the_table_has_a_row_per_clip_with_two_hashes_a_second(split):
    out = split()

    clips, hashes = rows(out, "clips"), rows(out, "hashes")
    assert pq.read_table(out / "tables" / "hashes" / "part-0.parquet").schema.equals(HASHES)
    assert [(row["clip_id"], row["duration"]) for row in hashes] == [(row["clip_id"], row["duration"]) for row in clips]
    assert [len(row["phash"]) for row in hashes] == [3] * 4  # at 0, 0.5 and 1 s
    assert all(bits.bit_count() == 32 for row in hashes for bits in row["phash"])


def test_clips_of_a_video_in_another_container_are_exact_copies(split):
    first, second, *copies = [row["content_hash"] for row in rows(split(), "hashes")]

    assert copies == [first, second]
    assert first != second


def test_a_dataset_of_before_gets_its_hashes_from_its_clips_and_nothing_else_is_made(split):
    out = split()
    store, before = Store(str(out)), rows(out, "hashes")
    for key, record in read_records(store).items():
        old = asdict(record)
        old["made_from"].pop("hashes")
        old.pop("hashes")
        store.write_json(f"processed_videos/{key}.json", old)
    made = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.suffix in {".mp4", ".webp"}}

    after = rows(split(), "hashes")

    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert [row["content_hash"] for row in after] == [row["content_hash"] for row in before]
    # The file's frames have been through the encoder, which may turn a bit or two.
    turned = [
        (now ^ then).bit_count()
        for row, old in zip(after, before, strict=True)
        for now, then in zip(row["phash"], old["phash"], strict=True)
    ]
    assert max(turned) <= 4
