"""A run that is killed without warning and run again ends with the same bytes as one that was not disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.media import write_video
from tests.test_pipeline import everything

SCRIPT = """
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.embedder.histogram import Histogram
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed

recipe = Recipe(splitter=Fixed(length=1, min_length=0.5), embedder=Histogram(), cluster=Single())
print("working", flush=True)
curate(recipe, source=Folder(path="videos"), out={out!r})
"""


def start(folder: Path, out: str) -> subprocess.Popen[str]:
    """The run in a process group of its own, once its imports are done."""
    command = [sys.executable, "-c", SCRIPT.format(out=out)]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    return process


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, float]:
    """A folder of videos with the dataset `whole`, and the seconds that it took to make."""
    folder = tmp_path_factory.mktemp("crash")
    (folder / "videos").mkdir()
    for seed in range(4):
        write_video(folder / "videos" / f"{seed}.mp4", (40, 40), seed=seed % 3, gop=20 + seed)
    process, began = start(folder, "whole"), time.monotonic()
    finish(process)
    return folder, time.monotonic() - began


@pytest.mark.parametrize(
    "share", [pytest.param(0.3, marks=pytest.mark.slow), 0.6, pytest.param(0.9, marks=pytest.mark.slow)]
)
def test_killed_and_run_again_gives_the_same_bytes(undisturbed, share):
    folder, seconds = undisturbed
    out = f"killed at {share}"
    process = start(folder, out)
    time.sleep(share * seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    finish(start(folder, out))

    assert everything(folder / out) == everything(folder / "whole")
    assert not list((folder / out).glob(".staging-*"))
