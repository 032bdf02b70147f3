from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.media import write_video
from tests.runtime.work import Deadly, die_once, exit_at, fail_at, hang_at, hoard_at, signal_parent_at
from tests.test_pipeline import FAST, rows
from vidcurate import curate
from vidcurate.errors import Stopped, TooManyFailures, WorkerLost
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes, in_bytes
from vidcurate.runtime.stop import heeding
from vidcurate.source.folder import Folder


def square(number: int) -> int:
    return number * number


def worker_threads(_: int) -> tuple[int, str]:
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def die_at(number: int, *, victim: int) -> int:
    if number == victim:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("count", [0, 1, 7])
def test_pool_and_single_process_give_the_same_results(count):
    pooled = sorted(Processes(workers=2).map(square, range(count)))

    assert pooled == sorted(Local().map(square, range(count))) == [number**2 for number in range(count)]


def test_workers_are_other_processes_with_one_thread_each():
    seen = list(Processes(workers=2).map(worker_threads, range(4)))

    assert os.getpid() not in {pid for pid, _ in seen}
    assert {threads for _, threads in seen} == {"1"}


def warn(number: int) -> int:
    logging.getLogger("vidcurate.elsewhere").warning("at %d", number)
    return number


def test_what_workers_warn_of_is_logged_by_the_run(caplog):
    list(Processes(workers=2).map(warn, range(3)))

    assert sorted((record.name, record.message) for record in caplog.records) == [
        ("vidcurate.elsewhere", f"at {number}") for number in range(3)
    ]


def outcomes(runtime: Runtime, function: Callable[[int], int], count: int) -> tuple[list[int], dict[int, str]]:
    """Results of a map in their order, and the messages of what was lost."""
    lost: dict[int, str] = {}
    before = set(multiprocessing.active_children())

    def give_up(item: int, error: Exception) -> int:
        assert item not in lost
        lost[item] = str(error)
        return -1

    results = list(runtime.map(function, range(count), lost=give_up))
    assert set(multiprocessing.active_children()) <= before
    return sorted(result for result in results if result >= 0), lost


def variable(_: int) -> str | None:
    return os.environ.get("OF_THIS_RUN")


def test_workers_have_the_environment_of_their_run(monkeypatch):
    seen = []
    for value in ("first", "second"):
        monkeypatch.setenv("OF_THIS_RUN", value)
        seen += Processes(workers=2).map(variable, range(2))

    assert seen == ["first", "first", "second", "second"]


def test_what_a_killed_worker_was_at_is_done_by_another(tmp_path):
    assert outcomes(Processes(workers=2), partial(die_once, folder=str(tmp_path)), 6) == ([0, 1, 2, 3, 4, 5], {})


@pytest.mark.parametrize("count", [1, 6])
def test_an_item_that_kills_every_worker_is_lost_alone(count):
    done, lost = outcomes(Processes(workers=2), partial(die_at, victim=0), count)

    assert done == list(range(1, count))
    assert list(lost) == [0]
    assert lost[0].startswith(
        "3 workers were lost at it, the last with nothing beside it: killed by signal 9 (SIGKILL)"
    )


def test_without_an_answer_for_lost_items_they_are_errors():
    with pytest.raises(WorkerLost, match=r"1 workers were lost at it: exit code 7; only retry=failed tries it again"):
        list(Processes(workers=2, tries=1).map(partial(exit_at, victim=2), range(4)))


def test_an_item_that_hangs_is_lost_after_its_time():
    done, lost = outcomes(Processes(workers=2, time_limit=0.5), partial(hang_at, victim=1), 6)

    assert done == [0, 2, 3, 4, 5]
    assert list(lost) == [1]
    assert lost[1].startswith("took longer than runtime.time_limit=0.5 s")


def test_an_item_that_takes_too_much_memory_is_lost():
    runtime = Processes(workers=2, memory_limit="1GiB", tries=2)

    done, lost = outcomes(runtime, partial(hoard_at, victim=1, size=1 << 30), 4)

    assert done == [0, 2, 3]
    assert "killed as it took more than runtime.memory_limit, 1 GiB" in lost[1]


@pytest.mark.parametrize(("size", "expected"), [("8GiB", 8 << 30), ("1.5 GB", 1_500_000_000), ("100B", 100)])
def test_sizes_are_read(size, expected):
    assert in_bytes(size) == expected


def test_an_error_is_raised_as_it_is_and_tells_where_it_came_from():
    with pytest.raises(OSError, match="no room for 3") as caught:
        list(Processes(workers=2).map(partial(fail_at, victim=3), range(6)))

    assert "in fail_at" in caught.value.__notes__[0]
    assert multiprocessing.active_children() == []


def test_a_stop_lets_what_is_under_way_end_and_begins_nothing_more():
    work = partial(signal_parent_at, victim=1, name="SIGTERM", seconds=0.5)

    with heeding(grace=20), pytest.raises(Stopped, match=r"SIGTERM: .* of 100000, \d+ are left"):
        collect(Processes(workers=2, grace=20).map(work, range(100_000)), done := [])

    assert 1 in done
    assert multiprocessing.active_children() == []


def test_a_stop_gives_up_what_does_not_end_in_time():
    work = partial(signal_parent_at, victim=1, name="SIGTERM", seconds=600)
    began = time.monotonic()

    with heeding(grace=0.2), pytest.raises(Stopped, match=r"SIGTERM: .* of 100000, \d+ are left"):
        collect(Processes(workers=2).map(work, range(100_000)), done := [])

    assert 1 not in done
    assert time.monotonic() < began + 60
    assert multiprocessing.active_children() == []


def collect(results: Iterable[int], into: list[int]) -> None:
    into.extend(results)


def test_a_video_that_kills_its_workers_is_recorded_and_the_others_are_done(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed, (name, frames) in enumerate({"a": 40, "deadly": 80, "c": 40}.items()):
        write_video(tmp_path / "videos" / f"{name}.mp4", (frames,), seed=seed)
    deadly = Deadly(length=1, min_length=0.5, cure=str(tmp_path / "cure"))
    run = partial(
        curate,
        replace(FAST, splitter=deadly),
        source=Folder(path=str(tmp_path / "videos")),
        out=str(tmp_path / "out"),
        steps=["split"],
        runtime=Processes(workers=2),
    )

    with pytest.raises(TooManyFailures, match="1 of 3 inputs failed"):
        run()

    (failure,) = rows(tmp_path / "out", "failures")
    assert failure["uri"].endswith("deadly.mp4")
    assert failure["reason"] == "worker_lost"
    processed = [row["uri"] for row in rows(tmp_path / "out", "videos") if row["status"] == "processed"]
    assert processed == ["a.mp4", "c.mp4"]
    assert not list((tmp_path / "out").glob(".staging-*"))
    (tmp_path / "cure").touch()
    with pytest.raises(TooManyFailures):
        run()
    assert run(retry="failed")["videos"]["failed"] == 0


def test_items_are_drawn_as_they_are_needed():
    drawn = []

    def items():
        for number in range(100):
            drawn.append(number)
            yield number

    stream = Processes(workers=2).map(square, items())
    next(stream)

    assert len(drawn) <= 10
    stream.close()


def report_and_wait(number: int, *, folder: str) -> None:
    (Path(folder) / f"{os.getpid()}").touch()
    time.sleep(60)


@pytest.mark.slow
def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path):
    script = (
        "from functools import partial\n"
        "from tests.runtime.test_processes import report_and_wait\n"
        "from vidcurate.runtime.processes import Processes\n"
        "if __name__ == '__main__':\n"
        f"    list(Processes(workers=2).map(partial(report_and_wait, folder={str(tmp_path)!r}), range(4)))\n"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=root, stderr=subprocess.DEVNULL)
    workers = wait_for(lambda: [int(path.name) for path in tmp_path.iterdir()], lambda pids: len(pids) == 2)

    parent.kill()
    parent.wait()

    assert wait_for(lambda: [pid for pid in workers if is_running(pid)], lambda pids: not pids) == []


def wait_for(look, good, seconds: float = 30):
    """What `look` returns as soon as `good` says so, or else at the end."""
    end = time.monotonic() + seconds
    while not good(seen := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return seen


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or " Z " not in Path(f"/proc/{pid}/stat").read_text()
