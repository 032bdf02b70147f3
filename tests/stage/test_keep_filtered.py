"""Bounds by percentile, and what becomes of the files of dropped clips."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from tests.test_pipeline import everything
from vidcurate import Recipe, curate
from vidcurate.embedder.histogram import Histogram
from vidcurate.filter.blur import Blur
from vidcurate.filter.luma import Luma
from vidcurate.filter.motion import Motion
from vidcurate.records import Video
from vidcurate.registry import settings
from vidcurate.runtime.local import Local
from vidcurate.runtime.task import Done, Lost, Task
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed


def recipe(keep_filtered: bool = True, **bounds: float | str) -> Recipe:
    return Recipe(
        splitter=Fixed(length=0.4, min_length=0.2),
        embedder=Histogram(),
        filter=(Motion(**bounds), Luma()),
        keep_filtered=keep_filtered,
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Folder:
    """Two videos of two clips each."""
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "a.mp4", (10, 10), seed=1)
    write_video(folder / "b.mp4", (10, 10), seed=2)
    return Folder(path=str(folder))


def split(out: Path, source: Folder, recipe: Recipe) -> dict:
    return curate(recipe, out=str(out), source=source, steps=["split"])


def rows(out: Path, name: str) -> list[dict]:
    return pq.read_table(out / "tables" / name).to_pylist()


def files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.glob("*clips/*.mp4")}


def named(out: Path) -> set[str]:
    return {row["uri"] for row in rows(out, "clips") if row["uri"]}


@pytest.fixture
def half(tmp_path, source) -> Path:
    """A dataset of which the stiller half was dropped and its files removed."""
    summary = split(tmp_path, source, recipe(keep_filtered=False, min="p50"))
    assert summary["clips"]["kept"] == 2
    return tmp_path


def test_a_percentile_counts_the_clips_of_all_videos_and_its_number_is_stored(tmp_path, source, caplog):
    with caplog.at_level("INFO"):
        summary = split(tmp_path, source, recipe(min="p50"))

    scores = sorted(row["value"] for row in rows(tmp_path, "scores") if row["score"] == "motion")
    middle = (scores[1] + scores[2]) / 2
    assert summary["bounds"] == {"motion.min": {"given": "p50", "value": pytest.approx(middle, abs=1e-15)}}
    assert rows(tmp_path, "bounds") == [{"filter": "motion", "key": "min", **summary["bounds"]["motion.min"]}]
    assert f"filter.motion.min=p50 came to {rows(tmp_path, 'bounds')[0]['value']:.6g}" in caplog.text
    assert f"came to {middle:.6g}" in (tmp_path / "report.html").read_text()
    assert summary["clips"]["filtered"] == {"too_static": 2}


def test_files_of_dropped_clips_go_but_rows_scores_and_reasons_stay(half):
    clips = rows(half, "clips")

    assert [row["reason"] for row in clips if not row["kept"]] == ["too_static"] * 2
    assert [row["uri"] for row in clips if not row["kept"]] == [None] * 2
    assert len(rows(half, "scores")) == 4 * (1 + len(Luma().limits))
    assert files(half) == named(half) == {f"clips/{row['clip_id']}.mp4" for row in clips if row["kept"]}


def test_a_second_run_does_nothing(half, source, caplog):
    before = {path: path.stat().st_mtime_ns for path in half.glob("clips/*")}
    with caplog.at_level("INFO"):
        split(half, source, recipe(keep_filtered=False, min="p50"))

    assert "0 to do" in caplog.text
    assert "cut again" not in caplog.text
    assert {path: path.stat().st_mtime_ns for path in half.glob("clips/*")} == before


def test_a_looser_bound_cuts_the_clips_again_as_if_they_had_never_gone(half, source, tmp_path_factory):
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    split(undisturbed, source, recipe(keep_filtered=False, min="p25"))

    split(half, source, recipe(keep_filtered=False, min="p25"))

    assert everything(half) == everything(undisturbed)
    assert files(half) == named(half)
    assert len(named(half)) == 3


def test_only_the_videos_of_clips_that_pass_now_are_cut_again(half, source, caplog):
    dropped = {row["video_id"] for row in rows(half, "clips") if not row["kept"]}
    with caplog.at_level("INFO"):
        split(half, source, recipe(keep_filtered=False))

    assert f"split: {len(dropped)} videos are cut again" in caplog.text
    assert files(half) == named(half)
    assert len(named(half)) == 4


def test_another_filter_sees_the_removed_clips_too(half, source):
    more = dataclasses.replace(recipe(keep_filtered=False, min="p50"), filter=(Motion(min="p50"), Blur()))
    split(half, source, more)

    assert sum(row["filter"] == "blur" for row in rows(half, "scores")) == 4
    assert files(half) == named(half)
    assert len(named(half)) == 2


def test_without_the_source_a_removed_clip_stays_dropped_and_the_log_says_why(half, source, tmp_path_factory, caplog):
    other = tmp_path_factory.mktemp("other")
    write_video(other / "c.mp4", (10,), seed=3)

    split(half, Folder(path=str(other)), recipe())

    assert [row["reason"] for row in rows(half, "clips") if not row["kept"]] == ["file_removed"] * 2
    assert "2 clips pass the filters, but" in caplog.text
    assert files(half) == named(half)


@settings
class Vanishing(Local):
    """Videos are there when they are listed and named, and gone when they are cut."""

    def run(self, task: Task, items: Iterable[Video], *, models: bool) -> Iterator[Done | Lost]:
        for video in items:
            Path(video.path).rename(f"{video.path}.away")
            yield task(video)


def test_a_video_that_cannot_be_cut_again_is_said_to_have_failed_and_tried_in_the_next_run(half, source, tmp_path):
    shutil.copytree(source.path, tmp_path / "copy")
    loose = recipe(keep_filtered=False)

    copy = Folder(path=str(tmp_path / "copy"))
    failing = curate(loose, out=str(half), source=copy, steps=["split"], runtime=Vanishing(), max_failures=9)
    assert failing["videos"]["failed"] == len({row["video_id"] for row in rows(half, "clips") if not row["kept"]})
    assert files(half) == named(half)

    summary = split(half, source, loose)
    assert summary["videos"]["failed"] == 0
    assert summary["clips"]["kept"] == 4
    assert files(half) == named(half)


def test_a_clip_that_another_encoding_writes_anew_replaces_the_one_that_was_dropped(tmp_path, source):
    strict = recipe(min="p50")
    split(tmp_path, source, strict)
    smaller = dataclasses.replace(strict, transcoder=dataclasses.replace(strict.transcoder, crf=40))
    split(tmp_path, source, smaller)

    assert files(tmp_path) == named(tmp_path)
    assert {row["uri"]: row["num_bytes"] for row in rows(tmp_path, "clips")} == {
        key: (tmp_path / key).stat().st_size for key in files(tmp_path)
    }
