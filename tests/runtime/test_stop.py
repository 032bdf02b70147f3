from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable

import pytest

from vidcurate.errors import Stopped
from vidcurate.runtime.local import Local
from vidcurate.runtime.stop import demand_running, heeding, seconds_left, stopping

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR2]


def signalled_at(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGTERM)
    return number


def consume(numbers: Iterable[int], into: list[int]) -> None:
    for number in numbers:
        into.append(number)


def stubborn(*signals: int) -> None:
    """Half a minute of work that takes every exception for a fault of a video."""
    end = time.monotonic() + 30
    for number in signals:
        os.kill(os.getpid(), number)
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            time.sleep(30)


def test_the_item_under_way_ends_and_nothing_more_is_begun():
    done: list[int] = []

    with heeding(), pytest.raises(Stopped, match=r"SIGTERM: .* kept: 3 of 6, 3 are left\. The same command goes on"):
        consume(Local().map(signalled_at, range(6)), done)

    assert done == [0, 1, 2]


def test_a_signal_at_the_last_item_stops_the_run_at_its_next_step():
    with heeding():
        assert list(Local().map(signalled_at, range(3))) == [0, 1, 2]
        assert stopping()
        assert 0 < seconds_left() <= 25
        with pytest.raises(Stopped, match="SIGTERM"):
            demand_running()


def test_what_has_not_ended_in_time_is_broken_off_though_it_catches_exceptions():
    began = time.monotonic()

    with pytest.raises(Stopped, match=r"SIGTERM: .* broken off"), heeding(grace=0.1):
        stubborn(signal.SIGTERM)

    assert time.monotonic() < began + 10


def test_a_second_interrupt_breaks_off_at_once():
    began = time.monotonic()

    with pytest.raises(Stopped, match=r"SIGINT: .* broken off"), heeding(grace=30):
        stubborn(signal.SIGINT, signal.SIGINT)

    assert time.monotonic() < began + 10


@pytest.mark.parametrize("number", SIGNALS)
def test_handlers_of_others_are_called_at_the_end_and_stand_again(number):
    called = []
    before = signal.signal(number, lambda number, _: called.append(number))
    try:
        theirs = signal.getsignal(number)
        with heeding():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGTERM)
            assert called == []
        assert called == [number]
        assert signal.getsignal(number) is theirs
        assert not stopping()
    finally:
        signal.signal(number, before)


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heeding():
            os.kill(os.getpid(), signal.SIGINT)
            assert not stopping()
    finally:
        signal.signal(signal.SIGINT, before)
