"""A host that is cut off in the middle of a split costs time and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hosts import Host, two_hosts
from tests.media import write_video
from tests.test_pipeline import everything

pytest.importorskip("distributed", reason="needs vidcurate[dask]")

SCRIPT = """
import sys
from vidcurate import Recipe, curate
from vidcurate.embedder.histogram import Histogram
from vidcurate.runtime.dask_address import DaskAddress
from vidcurate.runtime.local import Local
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed

out, address = sys.argv[1:]
runtime = DaskAddress(address=address) if address else Local()
recipe = Recipe(splitter=Fixed(length=1, min_length=0.5), embedder=Histogram())
curate(recipe, source=Folder(path="videos"), out=out, steps=["split"], runtime=runtime)
"""
VIDEOS = 12
NOTICE = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "15s", "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "30s"}
"""How docs/faults.md says it, with shorter times."""


def until(is_so: Callable[[], bool], seconds: float = 180) -> None:
    """Look until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.05)


KNOWN = """
import sys, time
from distributed import Client

address, *wanted = sys.argv[1:]
with Client(address, timeout="120s") as client:
    while True:
        known = [worker["host"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()]
        if sorted(known) == sorted(wanted):
            break
        time.sleep(0.2)
"""
"""Ends when the scheduler knows workers on just these hosts."""


def knows(scheduler: Host, address: str, *hosts: Host) -> None:
    process = scheduler.start("-c", KNOWN, address, *(host.address for host in hosts), stderr=-1)
    _, said = process.communicate(timeout=180)
    assert process.returncode == 0, said


@pytest.mark.slow
def test_a_split_over_two_hosts_ends_complete_though_one_is_cut_off(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed in range(VIDEOS):
        write_video(tmp_path / "videos" / f"{seed}.mp4", (60, 60), seed=seed, gop=20)
    records = tmp_path / "out" / "processed_videos"
    with two_hosts() as (first, second), (tmp_path / "log").open("w") as log:
        address = f"tcp://{first.address}:8786"
        options = {"cwd": tmp_path, "env": NOTICE, "stdout": log, "stderr": log}
        first.start("-m", "dask", "scheduler", "--host", first.address, "--no-dashboard", **options)
        for host in (first, second):
            only = ("--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--death-timeout", "120")
            host.start("-m", "dask", "worker", address, "--host", host.address, *only, **options)
        knows(first, address, first, second)

        run = first.start("-c", SCRIPT, "out", address, cwd=tmp_path, env=NOTICE, stderr=-1)
        until(lambda: len(list(records.glob("*.json"))) >= 2 or run.poll() is not None)
        second.cut_off()
        done = len(list(records.glob("*.json")))
        _, said = run.communicate(timeout=300)

        assert run.returncode == 0, said
        assert done < VIDEOS
        knows(first, address, first)
        alone = first.start("-c", SCRIPT, "alone", "", cwd=tmp_path, stderr=-1)
        assert alone.wait(300) == 0
    assert len(list(Path(records).glob("*.json"))) == VIDEOS
    assert everything(tmp_path / "out") == everything(tmp_path / "alone")
