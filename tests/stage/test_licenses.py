"""Licences of sources: they reach tables, and another one neither cuts nor looks at a clip again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.media import write_video
from vidcurate import Recipe, curate
from vidcurate.embedder.histogram import Histogram
from vidcurate.source.folder import Folder
from vidcurate.source.sample import Sample
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.inputs import identify
from vidcurate.stage.record import read_records, write_record
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store

FAST = Recipe(splitter=Fixed(length=1, min_length=0.5), embedder=Histogram())


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """A video, a copy of it, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "a.mp4", (30,), seed=1)
    shutil.copy(folder / "a.mp4", folder / "b.mp4")
    (folder / "c.mp4").write_bytes(b"no video")
    return folder


def split(videos: Path, out: Path, license: str | None) -> dict[str, str]:
    """Licences in VIDEOS after split, by uri."""
    curate(FAST, source=Folder(path=str(videos), license=license), out=str(out), steps=("split",), max_failures=1)
    found = read_tables(Store(str(out))).videos
    return dict(zip(found["uri"].to_pylist(), found["license"].to_pylist(), strict=True))


def test_another_licence_reaches_the_tables_and_cuts_nothing_again(videos, tmp_path):
    assert split(videos, tmp_path, None) == {"a.mp4": "", "b.mp4": "", "c.mp4": ""}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.mp4")}

    after = split(videos, tmp_path, "CC-BY-4.0")

    assert after == dict.fromkeys(("a.mp4", "b.mp4", "c.mp4"), "CC-BY-4.0")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.mp4")} == before
    assert len(before) == 1


def test_a_record_that_knows_of_no_licence_is_read(videos, tmp_path):
    split(videos, tmp_path, None)
    store = Store(str(tmp_path))
    for record in read_records(store).values():
        del record.video["license"]
        write_record(store, record)

    assert split(videos, tmp_path, None) == {"a.mp4": "", "b.mp4": "", "c.mp4": ""}


def test_the_samples_have_the_licences_of_their_attribution():
    licenses = {video.uri: video.license for video in identify(Sample(license="mine")).videos}

    assert set(licenses.values()) == {"CC0 1.0", "CC BY 3.0", "CC BY 4.0", "public domain"}
    assert licenses["sintel.mp4"] == "CC BY 3.0"
