"""A long video that workers share ends as the same bytes as one that a single worker cut."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from tests.media import write_video
from tests.test_pipeline import FAST, everything
from vidcurate import Recipe, curate
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes
from vidcurate.source.folder import Folder
from vidcurate.splitter.transnetv2 import TransNetV2

SHOTS = (90, 40, 110, 25, 160, 33)  # 18 s
SHARED = Processes(workers=2, part_minutes=7 / 60)


@pytest.fixture(scope="module")
def long_video(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    write_video(folder / "long.mp4", SHOTS, audio=True, gop=60)
    write_video(folder / "short.mp4", (30, 30))
    return folder


def curated(recipe: Recipe, folder: Path, out: Path) -> tuple[dict[str, str], dict[str, str]]:
    """All files of the dataset as one process and as two that share make them."""
    for name, runtime in (("alone", Local()), ("shared", SHARED)):
        curate(recipe, source=Folder(path=str(folder)), out=str(out / name), steps=["split"], runtime=runtime)
    return everything(out / "alone"), everything(out / "shared")


@pytest.mark.parametrize(
    "splitter",
    [replace(FAST.splitter, max_length=4.0), pytest.param(TransNetV2(min_length=0.5), marks=pytest.mark.slow)],
    ids=["adaptive", "transnetv2"],
)
def test_parts_join_to_the_same_bytes_as_one_piece(long_video, tmp_path, caplog, splitter):
    caplog.set_level(logging.WARNING)
    alone, shared = curated(replace(FAST, splitter=splitter), long_video, tmp_path)

    assert shared == alone
    assert caplog.text == ""


@pytest.mark.slow
def test_a_damaged_video_is_not_shared(long_video, tmp_path):
    folder = tmp_path / "damaged"
    folder.mkdir()
    data = bytearray((long_video / "long.mp4").read_bytes())
    start = data.index(b"mdat") + len(data) // 2
    data[start : start + 3000] = bytes(3000)
    (folder / "long.mp4").write_bytes(data)
    alone, shared = curated(FAST, folder, tmp_path)

    assert shared == alone


@pytest.mark.slow
def test_a_video_whose_packets_do_not_tell_when_frames_are_shown_is_not_shared(tmp_path):
    folder = tmp_path / "avi"
    folder.mkdir()
    write_video(folder / "long.avi", (100, 250), gop=60)  # H.264 with B-frames in AVI, which stores no timestamps
    alone, shared = curated(FAST, folder, tmp_path)

    assert shared == alone
