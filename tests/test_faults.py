"""Faults of the disk under the dataset: a run ends with one line, keeps what is done, and goes on when it can."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import vidcurate
from tests.media import write_video
from tests.test_pipeline import everything
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import ConfigError, StoreError
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed
from vidcurate.store import trouble
from vidcurate.store.files import Store

RECIPE = Recipe(splitter=Fixed(length=1, min_length=0.5), embedder=Histogram(), cluster=Single())


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    for seed in range(6):
        write_video(folder / f"{seed}.mp4", (40, 40), seed=seed % 3, gop=20 + seed)
    return folder


@pytest.fixture(scope="module")
def whole(videos, tmp_path_factory) -> Path:
    """The dataset of a run that nothing disturbs."""
    out = tmp_path_factory.mktemp("whole")
    curate(RECIPE, source=Folder(path=str(videos)), out=str(out))
    return out


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """An empty disk of 64 MiB, in memory."""
    if os.geteuid() != 0:
        pytest.skip("to mount a disk takes root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size // 1024}k", disk], check=True)


def used(disk: Path) -> int:
    facts = os.statvfs(disk)
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


def failures(out: Path) -> list[str]:
    return [path.name for path in out.glob("processed_videos/*.json") if json.loads(path.read_text())["failure"]]


@pytest.mark.parametrize(
    ("room", "runtime"),
    [
        pytest.param(200_000, Local(), marks=pytest.mark.slow),
        pytest.param(40_000, Local(), marks=pytest.mark.slow),
        pytest.param(120_000, Processes(workers=2), marks=pytest.mark.slow),
        pytest.param(450_000, Local(), marks=pytest.mark.slow),
        pytest.param(700_000, Local(), marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_ends_the_run_which_goes_on_once_there_is_room(room, runtime, disk, videos, whole, monkeypatch):
    monkeypatch.setattr(trouble, "LEAST", 0)
    out, source = disk / "out", Folder(path=str(videos))
    resize(disk, room)

    with pytest.raises(StoreError, match="no space is left on the device"):
        curate(RECIPE, source=source, out=str(out), runtime=runtime)
    assert failures(out) == []
    assert list(out.glob(".staging-*")) == []

    resize(disk, 2**26)
    curate(RECIPE, source=source, out=str(out), runtime=runtime)

    assert everything(out) == everything(whole)


@pytest.mark.slow
def test_a_disk_that_is_full_in_shard_keeps_what_split_has_made(disk, videos, whole, monkeypatch):
    monkeypatch.setattr(trouble, "LEAST", 0)
    out = disk / "out"
    shutil.copytree(whole, out)
    shutil.rmtree(out / "webdataset")
    resize(disk, used(disk) + 100_000)

    with pytest.raises(StoreError, match="no space is left on the device"):
        curate(RECIPE, out=str(out), steps=["shard"])
    assert list(out.rglob("*.tar")) == []

    resize(disk, 2**26)
    curate(RECIPE, out=str(out), steps=["shard"])

    assert everything(out) == everything(whole)


def test_a_full_disk_is_one_line_and_exit_code_1(disk, videos, tmp_path):
    resize(disk, 2**20 + 2**15)
    lossless, out = "transcoder.crf=0", disk / "out"
    ended = vidcurate(
        "+experiment=split", f"source.path={videos}", f"out={out}", "splitter=fixed", "embedder=histogram", "filter=[]",
        lossless, "runtime=local", cwd=tmp_path,
    )  # fmt: skip

    assert ended.returncode == 1
    assert [line for line in ended.stderr.splitlines() if line.startswith("vidcurate: ")] == [
        f"vidcurate: {out}: no space is left on the device. Make room there; "
        "the same command goes on where this one stopped"
    ]
    assert "Traceback" not in ended.stderr
    assert failures(out) == []


def test_a_disk_without_room_is_refused_before_any_work(disk, videos):
    resize(disk, 2**19)

    with pytest.raises(ConfigError, match="bytes are left on that disk"):
        curate(RECIPE, source=Folder(path=str(videos)), out=str(disk / "out"))
    assert list(disk.iterdir()) == []


def test_a_read_only_disk_is_refused_before_any_work(disk, videos):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)

    with pytest.raises(ConfigError, match="is on a read-only file system"):
        curate(RECIPE, source=Folder(path=str(videos)), out=str(disk / "out"))


def test_a_disk_that_becomes_read_only_is_no_fault_of_a_video(disk):
    store = Store(str(disk))
    store.write("a", b"1")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)

    with pytest.raises(StoreError, match=r"cannot be written|read-only"):
        store.write("b", b"2")
    assert store.read("a") == b"1"


def test_an_out_that_is_a_file_is_refused_before_any_work(tmp_path, videos):
    (tmp_path / "out").write_text("")

    for out in ("out", "out/below"):
        with pytest.raises(ConfigError, match=r"out is a file; name a folder"):
            curate(RECIPE, source=Folder(path=str(videos)), out=str(tmp_path / out))


def test_an_out_that_others_own_is_refused_before_any_work(tmp_path, videos):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "theirs").mkdir(mode=0o500)

    with pytest.raises(ConfigError, match="is not yours to write in"):
        curate(RECIPE, source=Folder(path=str(videos)), out=str(tmp_path / "theirs" / "out"))
