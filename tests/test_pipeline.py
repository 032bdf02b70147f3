"""The whole workflow on small made videos: what goes in comes out, is accounted for, and is not made twice."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest

from tests.media import read_numbers, write_video
from vidcurate import Recipe, curate
from vidcurate.captioner.tags import Tags
from vidcurate.cluster.single import Single
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import ConfigError, MissingInput, TooManyFailures, VidcurateError
from vidcurate.filter.motion import Motion
from vidcurate.records import Foreign
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes
from vidcurate.source.folder import Folder
from vidcurate.splitter.adaptive import Adaptive
from vidcurate.splitter.fixed import Fixed
from vidcurate.store.files import Store

FAST = Recipe(
    splitter=Adaptive(min_length=0.5),
    embedder=Histogram(),
    cluster=Single(),
    dedup=SemDeDup(eps=0.01),
)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """Three videos of two shots each; the third repeats the scenes of the first at another quality."""
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "a.mp4", (30, 30), seed=1, audio=True)
    write_video(folder / "sub" / "b.mkv" if (folder / "sub").mkdir() is None else folder, (30, 30), seed=2)
    write_video(folder / "c.mp4", (30, 30), seed=1, gop=10)
    return folder


@pytest.fixture(scope="module")
def dataset(videos, tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("dataset")
    return out, curate(FAST, source=Folder(path=str(videos)), out=str(out))


def contents(root: Path, *patterns: str) -> dict[str, str]:
    """SHA-256 of every file below a root, by relative path."""
    files = [path for pattern in patterns for path in root.rglob(pattern) if path.is_file()]
    assert files
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def everything(root: Path) -> dict[str, str]:
    """Tables, records, clips, vectors and shards: all that must not depend on how a run went."""
    return contents(
        root,
        "*.parquet",
        "*.tar",
        "clips/*.mp4",
        "processed_videos/*.json",
        "metas/v0/*.json",
        "index.json",
        "README.md",
        "SHA256SUMS",
    )


def rows(root: Path, name: str) -> list[dict]:
    return pq.read_table(root / "tables" / name).to_pylist()


def test_the_dataset_has_a_card_and_the_checksums_of_all_its_files(dataset):
    folder = dataset[0] / "webdataset" / "v0"

    said = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=True)

    assert "README.md: OK" in said.stdout
    assert "# 4 video clips" in (folder / "README.md").read_text()


def test_a_dataset_is_packed_under_another_root_to_the_same_shards_and_left_as_it_is(dataset, tmp_path):
    out, summary = dataset
    before = sorted(out.rglob("*"))

    elsewhere = curate(FAST, out=str(tmp_path / "1"), steps=("shard",), foreign=Foreign(clips=str(out)))
    looser = replace(FAST, dedup=SemDeDup(eps=0.2))
    foreign = Foreign(clips=str(out), decisions=str(out / "semantic"))
    loose = curate(looser, out=str(tmp_path / "2"), steps=("shard",), foreign=foreign)

    assert elsewhere["shards"] == summary["shards"]
    assert contents(tmp_path / "1", "*.tar") == contents(out, "*.tar")
    assert loose["dedup"]["eps"] == 0.2
    assert loose["shards"]["samples"] == loose["dedup"]["kept"] < 4
    with pytest.raises(ConfigError, match="holds a split of its own; give another out="):
        curate(FAST, out=str(out), steps=("shard",), foreign=Foreign(clips=str(out)))
    with pytest.raises(ConfigError, match="with one caption each"):
        curate(FAST, out=str(tmp_path / "3"), steps=("shard",), foreign=Foreign(clips=str(out), caption_key="qwen"))
    assert sorted(out.rglob("*")) == before


def test_every_input_clip_and_duplicate_is_accounted_for(dataset):
    out, summary = dataset

    assert summary["videos"] == {"in": 3, "kept": 3, "filtered": 0, "duplicate": 0, "failed": 0}
    assert summary["clips"]["cut"] == summary["clips"]["kept"] == 6
    assert summary["dedup"]["total"] == 6
    assert summary["dedup"]["removed"] == 2
    assert summary["shards"]["samples"] == 4
    drops = pq.read_table(out / "webdataset/v0/drops.parquet").to_pylist()
    assert [(row["stage"], row["reason"]) for row in drops] == [("dedup", "semantic_duplicate")] * 2
    assert sorted(path.stem for path in (out / "clips").glob("*.mp4")) == sorted(
        row["clip_id"] for row in rows(out, "clips")
    )
    assert (out / "report.html").stat().st_size > 1000


def test_clips_hold_exactly_the_frames_of_their_shots(dataset):
    out, _ = dataset

    numbers = {tuple(read_numbers(out / row["uri"])) for row in rows(out, "clips")}

    assert numbers == {tuple(range(30)), tuple(range(30, 60))}


def test_a_second_run_does_nothing_and_says_so(dataset, videos, caplog):
    out, summary = dataset
    before = {path: path.stat().st_mtime_ns for path in (out / "clips").iterdir()}

    with caplog.at_level("INFO"):
        again = curate(FAST, source=Folder(path=str(videos)), out=str(out))

    assert again == summary
    assert "3 of 3 videos are up to date, 0 to do" in caplog.text
    assert "3 of 3 videos kept (0:00:07 h), 3 of 3 videos stored before" in caplog.text
    assert "dropped 2 semantic_duplicate, 2 of 2 tables stored before" in caplog.text
    assert "4 of 4 clips kept (0:00:05 h), 4 of 4 clips stored before" in caplog.text
    assert {path: path.stat().st_mtime_ns for path in (out / "clips").iterdir()} == before


def test_pool_and_single_process_give_the_same_bytes(dataset, videos, tmp_path):
    out, _ = dataset

    curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path), runtime=Processes(workers=2))

    assert everything(tmp_path) == everything(out)


def test_the_same_videos_elsewhere_have_the_same_ids(dataset, videos, tmp_path):
    out, _ = dataset
    shutil.copytree(videos, tmp_path / "moved")

    curate(FAST, source=Folder(path=str(tmp_path / "moved")), out=str(tmp_path / "o"))

    assert everything(tmp_path / "o") == everything(out)


def test_videos_and_dataset_may_be_on_another_file_system(dataset, videos, tmp_path):
    out, _ = dataset
    bucket = f"memory://{tmp_path.name}"
    fsspec.filesystem("memory").put(str(videos), f"/{tmp_path.name}/videos", recursive=True)

    curate(FAST, source=Folder(path=f"{bucket}/videos"), out=f"{bucket}/dataset")

    store = Store(f"{bucket}/dataset")
    expected = everything(out)
    assert {key: hashlib.sha256(store.read(key)).hexdigest() for key in expected} == expected


def test_another_captioner_captions_the_finished_clips_and_cuts_none(videos, tmp_path):
    curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path), steps=["split"])
    before = contents(tmp_path, "clips/*.mp4", "histogram_embd_parquet/*.parquet")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "clips").iterdir()}
    recipe = Recipe(**{**vars(FAST), "captioner": Tags(min_confidence=0.0, max_tags=1)})

    curate(recipe, source=Folder(path=str(videos)), out=str(tmp_path), steps=["split"])

    assert contents(tmp_path, "clips/*.mp4", "histogram_embd_parquet/*.parquet") == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "clips").iterdir()} == written
    assert len(rows(tmp_path, "captions")) == 6
    assert all(row["caption"] for row in rows(tmp_path, "captions"))


def test_another_splitter_replaces_the_clips(videos, tmp_path):
    curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path), steps=["split"])
    recipe = Recipe(**{**vars(FAST), "splitter": Fixed(length=0.8, min_length=0.5)})

    curate(recipe, source=Folder(path=str(videos)), out=str(tmp_path), steps=["split"])

    assert {row["num_frames"] for row in rows(tmp_path, "clips")} == {20}
    assert len(list((tmp_path / "clips").iterdir())) == len(rows(tmp_path, "clips")) == 9


def test_a_threshold_moves_clips_out_and_back_without_new_work(videos, tmp_path):
    source = Folder(path=str(videos))
    curate(FAST, source=source, out=str(tmp_path), steps=["split"])
    strict = Recipe(**{**vars(FAST), "filter": (Motion(min=1.0),)})

    with pytest.raises(VidcurateError, match="no clip"):
        curate(strict, source=source, out=str(tmp_path), steps=["split"])
    dropped = rows(tmp_path, "clips")
    moved = len(list((tmp_path / "filtered_clips").iterdir()))
    curate(FAST, source=source, out=str(tmp_path), steps=["split"])

    assert all(not row["kept"] and row["reason"] for row in dropped)
    assert moved == 6
    assert all(row["kept"] for row in rows(tmp_path, "clips"))
    assert len(list((tmp_path / "clips").iterdir())) == 6


def test_bad_inputs_are_recorded_and_the_others_are_processed(videos, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(videos, folder)
    shutil.copy(folder / "a.mp4", folder / "copy of a.mp4")
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("not a video at all\n" * 100)
    (folder / "cut off.mp4").write_bytes((folder / "a.mp4").read_bytes()[:500])
    write_video(folder / "-short.mp4", (5,), seed=9)

    with pytest.raises(TooManyFailures, match="3 of 8 inputs failed"):
        curate(FAST, source=Folder(path=str(folder)), out=str(tmp_path / "o"))

    ends = {row["uri"]: (row["status"], row["reason"]) for row in rows(tmp_path / "o", "videos")}
    assert {uri: status for uri, (status, _) in ends.items()} == {
        "-short.mp4": "filtered",
        "a.mp4": "processed",
        "c.mp4": "processed",
        "copy of a.mp4": "duplicate",
        "cut off.mp4": "failed",
        "empty.mp4": "failed",
        "sub/b.mkv": "processed",
        "text.mp4": "failed",
    }
    assert ends["-short.mp4"] == ("filtered", "too_short")
    assert {row["uri"] for row in rows(tmp_path / "o", "failures")} == {"cut off.mp4", "empty.mp4", "text.mp4"}
    assert all(row["stage"] and row["reason"] and row["message"] for row in rows(tmp_path / "o", "failures"))


def test_failures_within_the_allowance_are_no_error(videos, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(videos, folder)
    (folder / "empty.mp4").touch()

    summary = curate(FAST, source=Folder(path=str(folder)), out=str(tmp_path / "o"), max_failures=1)

    assert summary["videos"]["failed"] == 1


def test_a_file_that_was_put_right_no_longer_counts_as_failed(videos, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.mp4").write_bytes((videos / "a.mp4").read_bytes()[:500])
    shutil.copy(videos / "c.mp4", folder)
    source = Folder(path=str(folder))
    before = curate(FAST, source=source, out=str(tmp_path / "o"), max_failures=1)
    shutil.copy(videos / "a.mp4", folder)

    after = curate(FAST, source=source, out=str(tmp_path / "o"))

    assert before["videos"]["failed"] == 1
    assert after["videos"] == {"in": 2, "kept": 2, "filtered": 0, "duplicate": 0, "failed": 0}


def test_a_run_that_yields_nothing_is_an_error(tmp_path):
    (tmp_path / "in").mkdir()
    write_video(tmp_path / "in" / "short.mp4", (5,))

    with pytest.raises(VidcurateError, match="no clip came out"):
        curate(FAST, source=Folder(path=str(tmp_path / "in")), out=str(tmp_path / "o"))


@pytest.mark.parametrize("step", ["dedup", "shard"])
def test_a_step_without_what_it_works_on_says_which_step_to_run(step, tmp_path):
    with pytest.raises(MissingInput, match="experiment="):
        curate(FAST, out=str(tmp_path), steps=[step])


def test_a_step_that_does_not_exist_names_its_near_miss(tmp_path):
    with pytest.raises(ConfigError, match="'spilt' is not a step; did you mean 'split'"):
        curate(FAST, out=str(tmp_path), steps=["spilt"])


def test_steps_alone_give_what_they_give_together(dataset, videos, tmp_path):
    out, _ = dataset

    for step in ("split", "dedup", "shard"):
        curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path), steps=[step], runtime=Local())

    assert everything(tmp_path) == everything(out)


def test_sharding_at_an_epsilon_that_was_not_tried_decides_it_from_the_stored_neighbours(dataset):
    out, _ = dataset
    recipe = Recipe(**{**vars(FAST), "dedup": SemDeDup(eps=0.0)})

    summary = curate(recipe, out=str(out), steps=["shard"])

    assert summary["shards"]["samples"] == 6


def test_clips_stay_when_a_second_look_at_them_fails_and_the_next_run_tries_again(videos, tmp_path):
    source, out = Folder(path=str(videos)), tmp_path / "out"
    curate(FAST, source=source, out=str(out), steps=["split"])
    before, clip = contents(out, "clips/*.mp4"), min((out / "clips").glob("*.mp4"))
    whole = clip.read_bytes()
    clip.write_bytes(whole[:1000])
    other = replace(FAST, embedder=Histogram(frames=4))

    with pytest.raises(TooManyFailures):
        curate(other, source=source, out=str(out), steps=["split", "dedup"])
    (failure,) = pq.read_table(out / "tables" / "failures").to_pylist()
    rows = {row["clip_id"]: row for row in pq.read_table(out / "tables" / "clips").to_pylist()}

    assert (failure["stage"], rows[clip.stem]["kept"], rows[clip.stem]["reason"]) == ("again", False, "unseen")
    assert contents(out, "clips/*.mp4", "filtered_clips/*.mp4").keys() == {
        row["uri"] for row in rows.values()
    }  # none is lost
    assert len(rows) == len(before)

    (out / rows[clip.stem]["uri"]).write_bytes(whole)
    curate(other, source=source, out=str(out), steps=["split", "dedup"])

    assert contents(out, "clips/*.mp4") == before


def test_vectors_of_a_video_that_yields_no_clips_any_more_are_removed(videos, tmp_path):
    source, out = Folder(path=str(videos), pattern="a.mp4"), tmp_path / "out"
    curate(FAST, source=source, out=str(out), steps=["split"])
    assert len(list((out / "histogram_embd_parquet").iterdir())) == 1
    none = replace(FAST, splitter=Adaptive(min_length=50))

    with pytest.raises(VidcurateError, match="no clip came out"):
        curate(none, source=source, out=str(out), steps=["split"])

    assert list((out / "histogram_embd_parquet").iterdir()) == []
    assert not list((out / "previews").iterdir())
