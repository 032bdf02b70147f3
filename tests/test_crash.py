"""A run that is killed without warning and run again ends with the same bytes as one that was not disturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.media import write_video
from tests.test_pipeline import everything

SCRIPT = """
import sys

from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.embedder.histogram import Histogram
from vidcurate.runtime.dask import Dask
from vidcurate.runtime.local import Local
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed

if __name__ == "__main__":
    recipe = Recipe(splitter=Fixed(length=1, min_length=0.5), embedder=Histogram(), cluster=Single())
    print("working", flush=True)
    curate(recipe, source=Folder(path="videos"), out=sys.argv[1], runtime={runtime})
"""


KILLS = 3


def start(folder: Path, out: str, runtime: str = "Local()") -> subprocess.Popen[str]:
    """The run in a process group of its own, once its imports are done."""
    script = folder / f"run_{runtime[:4].lower()}.py"  # a file, because workers of Dask import what started them
    script.write_text(SCRIPT.format(runtime=runtime))
    command = [sys.executable, script, out]
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


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
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


def workers_of(pid: int) -> list[int]:
    """Processes that a process has started, and those that these have, as far as they are Dask's workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            command = (path / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if parent == pid and b"spawn_main" in command:
            found.append(int(path.name))
    return sorted(found)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc, to find the workers")
def test_workers_of_dask_that_are_killed_at_random_change_no_byte(undisturbed):
    pytest.importorskip("distributed", reason="needs vidcurate[dask]")
    folder, _ = undisturbed
    draw, killed = random.Random(0), []
    process = start(folder, "dask", runtime="Dask(workers=2, tries=9)")
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.communicate()))
    reader.start()
    while process.poll() is None:
        found = [pid for pid in workers_of(process.pid) if pid not in killed]
        if len(found) == 2 and len(killed) < KILLS and list((folder / "dask").glob("processed_videos/*.json")):
            killed.append(draw.choice(found))
            with suppress(ProcessLookupError):  # the run has just ended
                os.kill(killed[-1], signal.SIGKILL)
        time.sleep(draw.random() / 2)
    reader.join()

    assert process.returncode == 0, said
    assert killed
    assert everything(folder / "dask") == everything(folder / "whole")
    assert not list((folder / "dask").glob(".staging-*"))
