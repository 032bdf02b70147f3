from __future__ import annotations

import os
import signal
from functools import partial

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
