"""What happens in a run, for whoever wants to know: the log, the metrics, the progress. Nothing depends on it.

An event has a name and facts; `emit` hands it to those who listen in this process, and costs nothing if none does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Event = dict[str, Any]
"""`event`, its name; `time`, seconds since 1970; and its facts, plain values."""

_listeners: list[Callable[[Event], None]] = []


def emit(name: str, **facts: Any) -> None:
    """Tell every listener.

    Args:
        name: of the event: `item`, `lost`, `step`, ...
        facts: plain values, seconds and bytes where they have a unit.
    """
    if _listeners:
        event = {"event": name, "time": time.time(), **facts}
        for listener in tuple(_listeners):
            listener(event)


@contextmanager
def listening(listener: Callable[[Event], None]) -> Iterator[None]:
    """Call a function with every event until the block ends.

    Args:
        listener: is called in the thread of whoever emits, so it must be quick.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Tell that a step of the work begins and, however it ends, how many seconds it took."""
    emit("step", step=name, state="begun")
    clock = time.perf_counter()
    try:
        yield
    finally:
        emit("step", step=name, state="ended", seconds=time.perf_counter() - clock)
