"""What a Dask worker does: the items of a batch one after the other, and tell the client which it is at.

So the client knows, when a worker dies, which item it was at, and blames no other.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidcurate.runtime.overheard import overhear
from vidcurate.runtime.task import Task
from vidcurate.runtime.worker import answered

if TYPE_CHECKING:
    from distributed import Worker

TOPIC = "vidcurate"
SECONDS = 2.0
"""After so many a batch ends with the item that it is at: results come often, and a scheduler of Dask hands out tasks
that last seconds at next to no cost."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that travel together.

    Attributes:
        name: no other batch of any run has it.
        items: what the function takes.
        alone: whether nothing may go on beside it in the process of its worker.
    """

    name: str
    items: tuple[Any, ...]
    alone: bool = False


def work(batch: Batch, task: Task[Any, Any], time_limit: float | None) -> tuple[bytes, ...]:
    """Work on the items, as many as are begun within `SECONDS`.

    Args:
        batch: the items.
        task: what is done with each.
        time_limit: seconds for an item, after which this process is killed; None is no limit.

    Returns:
        an answer for each item that was begun, in order; the others are for another batch.
    """
    from distributed import get_worker

    overhear()
    worker, answers, end = get_worker(), list[bytes](), time.monotonic() + SECONDS
    with _room.taken(alone=batch.alone):
        for index, item in enumerate(batch.items):
            # The first is waited for, as it may kill this process before anything has left it.
            _tell(worker, batch, index, "begun", wait=not index)
            with _limited(worker, batch, index, time_limit):
                answers.append(answered(task, item))
            if time.monotonic() > end:
                break
    return tuple(answers)


def _tell(worker: Worker, batch: Batch, index: int, what: Literal["begun", "overdue"], *, wait: bool) -> None:
    from distributed.utils import sync

    message = {"batch": batch.name, "index": index, "worker": worker.address, "what": what}
    if wait:
        sync(worker.loop, worker.scheduler.log_event, topic=TOPIC, msg=message, callback_timeout=30)
    else:
        worker.log_event(TOPIC, message)


@contextmanager
def _limited(worker: Worker, batch: Batch, index: int, time_limit: float | None) -> Iterator[None]:
    """Kill this process if the block takes too long: nothing less ends a decoder that hangs."""
    if time_limit is None:
        yield
        return
    timer = threading.Timer(time_limit, _end_process, (worker, batch, index))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end_process(worker: Worker, batch: Batch, index: int) -> None:
    try:
        _tell(worker, batch, index, "overdue", wait=True)
    finally:
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


class _Room:
    """Has room for many, or for one that wants to be alone; who wants that goes first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = self._waiting = 0
        self._closed = False

    @contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        with self._changed:
            self._waiting += alone
            self._changed.wait_for(lambda: not (self._inside if alone else self._closed or self._waiting))
            self._waiting -= alone
            self._inside, self._closed = self._inside + 1, alone
        try:
            yield
        finally:
            with self._changed:
                self._inside, self._closed = self._inside - 1, False
                self._changed.notify_all()


_room = _Room()
