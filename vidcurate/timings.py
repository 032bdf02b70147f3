"""Where the seconds of an item go: code says what it is at, whoever runs the item collects the sums.

Every moment of a thread belongs to one stage: one that begins within another takes over from it until it ends. So the
sums never count a second twice, and what other threads do is counted as the wait for them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

_clock = time.perf_counter


class _Current(threading.local):
    """What this thread is at: sums by stage, the stage, and since when."""

    sums: dict[str, float] | None = None
    stage: str = ""
    since: float = 0.0


_current = _Current()


class timed:  # reads as what it is used as: `with timed("decode")`
    """Count the seconds of a block as those of a stage; half a microsecond, so it may be used once a frame.

    Args:
        stage: `decode`, `shots`, `encode`, `embed`, ...; docs/observability.md lists them.
    """

    __slots__ = ("_outer", "_stage")

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def __enter__(self) -> None:
        current = _current
        self._outer = current.stage
        if current.sums is not None:
            _turn(current, current.sums, self._stage)

    def __exit__(self, *error: object) -> None:
        current = _current
        if current.sums is not None:
            _turn(current, current.sums, self._outer)


def each(stage: str, items: Iterable[Item]) -> Iterator[Item]:
    """The same items; the seconds that each takes to come are those of a stage."""
    iterator, entry = iter(items), timed(stage)
    while True:
        with entry:
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item


@contextmanager
def collected() -> Iterator[dict[str, float]]:
    """Seconds by stage of what this thread does in the block; complete when it ends."""
    current = _current
    before = current.sums, current.stage, current.since
    sums: dict[str, float] = {}
    current.sums, current.stage, current.since = sums, "", _clock()
    try:
        yield sums
    finally:
        _turn(current, sums, "")
        current.sums, current.stage, current.since = before
        sums.pop("", None)  # seconds of no stage


def _turn(current: _Current, sums: dict[str, float], stage: str) -> None:
    now = _clock()
    sums[current.stage] = sums.get(current.stage, 0.0) + now - current.since
    current.stage, current.since = stage, now
