from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from vidcurate.video.ahead import ahead


def test_items_come_in_order_and_from_another_thread():
    def names() -> Iterator[tuple[int, str]]:
        for number in range(100):
            yield number, threading.current_thread().name

    found = list(ahead(names()))

    assert [number for number, _ in found] == list(range(100))
    assert {name for _, name in found} == {"ahead"}


def test_no_more_are_made_than_may_wait():
    made = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    stream = ahead(items(), depth=3)
    next(stream)
    stream.close()

    assert len(made) <= 6  # one taken, three that wait, one in hand, one begun


def test_the_error_that_ends_them_comes_after_the_items_before_it():
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk has gone")

    stream = ahead(items())

    assert next(stream) == 1
    with pytest.raises(OSError, match="the disk has gone"):
        next(stream)


def test_leaving_early_closes_what_makes_them():
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    stream = ahead(items())
    next(stream)
    stream.close()

    assert closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]
