from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from vidcurate.errors import VidcurateError
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes


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


def test_a_killed_worker_says_what_to_do():
    with pytest.raises(VidcurateError, match=r"Run the same command again .* smaller runtime\.workers"):
        list(Processes(workers=2).map(partial(die_at, victim=2), range(4)))


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
