from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest

from tests.media import write_video
from tests.runtime.test_processes import collect, die_at, outcomes, square, wait_for, worker_threads
from tests.runtime.work import die_once, exit_at, fail_at, hang_at, hoard_at, kill_at, signal_parent_at
from tests.test_pipeline import FAST, everything
from vidcurate import curate
from vidcurate.errors import Stopped, VidcurateError, WorkerLost
from vidcurate.runtime.dask import Dask
from vidcurate.runtime.dask_address import DaskAddress
from vidcurate.runtime.dispatch import LEAST, MOST
from vidcurate.runtime.local import Local
from vidcurate.runtime.stop import heeding
from vidcurate.source.folder import Folder

dask = pytest.importorskip("dask", reason="needs vidcurate[dask]")
distributed = pytest.importorskip("distributed", reason="needs vidcurate[dask]")


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    """One that somebody else has started: two workers."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster


@pytest.fixture
def address(cluster: distributed.LocalCluster) -> str:
    return cluster.scheduler_address


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


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere/scheduler.json"])
def test_an_address_at_which_nobody_answers_is_named(address):
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(VidcurateError, match=f"runtime.address='{address}': no Dask scheduler answers there"),
    ):
        list(DaskAddress(address=address).map(square, range(3)))


def test_workers_that_cannot_start_are_an_error_of_ours():
    with (
        dask.config.set({"distributed.worker.preload": ["a_module_that_is_not_there"]}),
        pytest.raises(VidcurateError, match=r"do not start: Nanny failed to start\. Run the same command again"),
    ):
        list(Dask(workers=1).map(square, [2]))


@pytest.mark.slow
def test_what_a_lost_worker_was_at_is_done_again(tmp_path):
    assert sorted(Dask(workers=2).map(partial(die_once, folder=str(tmp_path)), range(6))) == list(range(6))


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_an_item_that_kills_every_worker_is_lost_alone(threads):
    done, lost = outcomes(Dask(workers=2 // threads, threads_per_worker=threads), partial(die_at, victim=2), 12)

    assert done == [0, 1, *range(3, 12)]
    assert list(lost) == [2]
    assert lost[2].startswith("3 Dask workers were lost at it, the last with nothing beside it in its process")


def test_without_an_answer_for_lost_items_they_are_errors():
    with pytest.raises(WorkerLost, match=r"1 Dask workers were lost at it, .*; only retry=failed tries it again"):
        list(Dask(workers=1, tries=1).map(partial(exit_at, victim=2), range(4)))


@pytest.mark.slow
def test_an_item_that_hangs_is_lost_after_its_time_and_its_neighbour_is_not_blamed():
    runtime = Dask(workers=1, threads_per_worker=2, time_limit=1, tries=1)

    done, lost = outcomes(runtime, partial(hang_at, victim=1), 6)

    assert done == [0, 2, 3, 4, 5]
    assert list(lost) == [1]
    assert lost[1].startswith("took longer than runtime.time_limit=1 s")


@pytest.mark.slow
def test_an_item_that_takes_too_much_memory_is_lost():
    runtime = Dask(workers=1, memory_limit="1GiB", tries=1)

    done, lost = outcomes(runtime, partial(hoard_at, victim=1, size=1 << 30), 4)

    assert done == [0, 2, 3]
    assert list(lost) == [1]


def test_a_stop_lets_what_is_under_way_end_and_begins_nothing_more():
    work, before = partial(signal_parent_at, victim=1, name="SIGTERM", seconds=0.5), set(active_children())

    with heeding(grace=20), pytest.raises(Stopped, match=r"SIGTERM: .* of 100000, \d+ are left"):
        collect(Dask(workers=2, grace=20).map(work, range(100_000)), done := [])

    assert 1 in done
    assert set(active_children()) <= before


@pytest.mark.slow
def test_a_stop_gives_up_what_does_not_end_in_time():
    work, before = partial(signal_parent_at, victim=1, name="SIGTERM", seconds=600), set(active_children())

    with heeding(grace=0.2), pytest.raises(Stopped, match=r"SIGTERM: .* of 100000, \d+ are left"):
        collect(Dask(workers=2).map(work, range(100_000)), done := [])

    assert 1 not in done
    assert set(active_children()) <= before


@pytest.mark.slow
def test_a_scheduler_that_is_lost_says_so(tmp_path):
    file = tmp_path / "scheduler.json"
    begin = partial(subprocess.Popen, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    command = [sys.executable, "-m", "dask"]
    place = ["--scheduler-file", str(file), "--no-dashboard"]
    scheduler = begin([*command, "scheduler", *place, "--host", "127.0.0.1", "--port", "0"])
    worker = begin([*command, "worker", *place, "--nthreads", "1"])
    try:
        assert wait_for(file.exists, bool)
        with (
            dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
            pytest.raises(VidcurateError, match=r"the Dask scheduler was lost .* the same command goes on"),
        ):
            list(DaskAddress(address=str(file)).map(partial(kill_at, victim=3, pid=scheduler.pid), range(40)))
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_models_go_to_the_workers_that_are_for_them():
    options = {"nthreads": 1, "dashboard_address": None}
    kinds = {
        kind: {"cls": distributed.Nanny, "options": {**options, "resources": {kind: 1}}} for kind in ("model", "cpu")
    }
    scheduler = {"cls": distributed.Scheduler, "options": {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}}
    with distributed.SpecCluster(scheduler=scheduler, workers=kinds, silence_logs=False) as cluster:
        runtime = DaskAddress(address=cluster.scheduler_address)
        with_models = set(runtime.map(worker_threads, range(6)))
        without = set(runtime.map(worker_threads, range(6), models=False))

    assert len(with_models) == len(without) == 1
    assert with_models != without


@pytest.mark.slow
def test_neither_tasks_nor_items_pile_up(cluster):
    drawn, most = [], 0

    def items() -> Iterator[int]:
        for number in range(3000):
            drawn.append(number)
            yield number

    for count, _ in enumerate(DaskAddress(address=cluster.scheduler_address).map(square, items())):
        most = max(most, len(cluster.scheduler.tasks))
        assert len(drawn) - count <= (LEAST + 1) * MOST

    assert most <= LEAST + 1
    assert cluster.scheduler.task_prefixes["vidcurate-square"].state_counts["processing"] < 1000
    assert wait_for(lambda: len(cluster.scheduler.tasks), lambda tasks: not tasks) == 0


def test_a_split_is_the_same_bytes_as_in_one_process(address, tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    write_video(videos / "a.mp4", (20, 20))
    write_video(videos / "long.mp4", (30, 25, 30), gop=25)
    runtimes = {"here": Local(), "there": DaskAddress(address=address, part_minutes=1.2 / 60)}

    for name, runtime in runtimes.items():
        curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path / name), steps=["split"], runtime=runtime)

    assert everything(tmp_path / "there") == everything(tmp_path / "here")
