from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial

import pytest

from tests.media import write_video
from tests.runtime.test_processes import die_at, square, worker_threads
from tests.runtime.work import die_once, fail_at
from tests.test_pipeline import FAST, everything
from vidcurate import curate
from vidcurate.errors import VidcurateError
from vidcurate.runtime.dask import Dask
from vidcurate.runtime.dask_address import DaskAddress
from vidcurate.runtime.local import Local
from vidcurate.source.folder import Folder

dask = pytest.importorskip("dask", reason="needs vidcurate[dask]")
distributed = pytest.importorskip("distributed", reason="needs vidcurate[dask]")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster that somebody else has started: two workers."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster.scheduler_address


@pytest.mark.parametrize("count", [0, 1, 40])
def test_a_cluster_and_a_single_process_give_the_same_results(address, count):
    mapped = sorted(DaskAddress(address=address).map(square, range(count)))

    assert mapped == sorted(Local().map(square, range(count))) == [number**2 for number in range(count)]


def test_a_scheduler_file_leads_to_the_workers_and_they_stay(address, tmp_path):
    (tmp_path / "scheduler.json").write_text(json.dumps({"address": address}))
    runtime = DaskAddress(address=str(tmp_path / "scheduler.json"))

    seen = [set(runtime.map(worker_threads, range(8))) for _ in range(2)]

    assert os.getpid() not in {pid for pid, _ in seen[0]}
    assert {threads for _, threads in seen[0]} == {"1"}
    assert seen[0] & seen[1]


def test_items_are_drawn_as_they_are_needed(address):
    drawn = []

    def items() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    stream = DaskAddress(address=address).map(square, items())
    next(stream)

    assert len(drawn) <= 20
    stream.close()


def test_an_error_is_raised_as_it_is(address):
    with pytest.raises(OSError, match="no room for 3"):
        list(DaskAddress(address=address).map(partial(fail_at, victim=3), range(6)))


def test_an_address_at_which_nobody_answers_is_named():
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(VidcurateError, match=r"runtime\.address='tcp://127\.0\.0\.1:9'.* no Dask scheduler answers"),
    ):
        list(DaskAddress(address="tcp://127.0.0.1:9").map(square, range(3)))


def test_what_a_lost_worker_was_at_is_done_again(tmp_path):
    assert sorted(Dask(workers=2).map(partial(die_once, folder=str(tmp_path)), range(6))) == list(range(6))


def test_an_item_that_kills_its_workers_says_what_to_do():
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(VidcurateError, match=r"ended 1 workers .* Run the same command again .* runtime\.memory_limit"),
    ):
        list(Dask(workers=1).map(partial(die_at, victim=1), range(3)))


def test_a_split_is_the_same_bytes_as_in_one_process(address, tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    write_video(videos / "a.mp4", (20, 20))
    write_video(videos / "long.mp4", (30, 25, 30), gop=25)
    runtimes = {"here": Local(), "there": DaskAddress(address=address, part_minutes=1.2 / 60)}

    for name, runtime in runtimes.items():
        curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path / name), steps=["split"], runtime=runtime)

    assert everything(tmp_path / "there") == everything(tmp_path / "here")
