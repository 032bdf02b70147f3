"""A pool of worker processes, each at one item: whatever ends a worker costs only what that one was at.

An item whose worker died is tried again by another, when all else has ended and with nothing beside it: so it takes no
other down with it, and one that only wanted memory has all there is.
"""

from __future__ import annotations

import atexit
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

from vidcurate.errors import TimedOut, VidcurateError, WorkerLost
from vidcurate.events import emit
from vidcurate.runtime.stop import seconds_left, stopping
from vidcurate.runtime.task import Done, Lost
from vidcurate.runtime.worker import READY, Worker, answer

log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds between looks at clocks and memory."""
AGAIN = "; only retry=failed tries it again"
_NOTHING = object()


@dataclass(slots=True, kw_only=True)
class Pool:
    """Workers that are started as they are needed.

    Attributes:
        start: makes a worker.
        size: how many there may be.
        tries: workers that an item may end.
        time_limit: seconds for an item; None is no limit.
        memory_limit: resident bytes of a worker; None is no limit.
    """

    start: Callable[[], Worker]
    size: int
    tries: int
    time_limit: float | None = None
    memory_limit: int | None = None
    _idle: list[Worker] = field(default_factory=list)
    _busy: dict[Any, Worker] = field(default_factory=dict)
    _suspects: deque[tuple[Any, int]] = field(default_factory=deque)
    _stillborn: int = 0
    _looked: float = 0.0

    def outcomes(self, items: Iterable[Any]) -> Iterator[Done[Any] | Lost[Any]]:
        """What became of every item, as they end; where the run is asked to stop, of those that end in time.

        Raises:
            Exception: what the function has raised.
            VidcurateError: workers die before they can begin.
        """
        queue = iter(items)
        atexit.register(self.end)  # or else multiprocessing waits for the workers of a generator that nobody has closed
        try:
            while self._hand_out(queue) and seconds_left() > 0:
                ended = [*self._ended(), *self._overdue()]
                self._hand_out(queue)  # before the outcomes are looked at, which may take a while
                for outcome in ended:
                    yield answer(outcome) if isinstance(outcome, bytes) else outcome
        finally:
            self.end()
            atexit.unregister(self.end)

    def end(self) -> None:
        """End all workers: at once those that are at something."""
        for worker in self._busy.values():
            worker.end()
        for worker in self._idle:
            worker.pipe.close()
        for worker in self._idle:
            worker.end(seconds=5)
        self._busy.clear()
        self._idle.clear()

    def _hand_out(self, queue: Iterator[Any]) -> bool:
        """Give items to all who have none; whether any is under way."""
        while len(self._busy) < self.size and not any(worker.tries for worker in self._busy.values()):
            item = next(queue, _NOTHING)
            if item is _NOTHING:
                break
            self._give(item)
        if self._suspects and not self._busy and not stopping():
            self._give(*self._suspects.popleft())
        return bool(self._busy)

    def _give(self, item: Any, tries: int = 0) -> None:
        while True:
            worker = self._idle.pop() if self._idle else self.start()
            try:
                worker.give(item, tries)
            except OSError:  # it has died while it waited
                worker.end()
                continue
            self._busy[worker.pipe] = worker
            return

    def _ended(self) -> Iterator[bytes | Lost[Any]]:
        """Wait for answers of workers; what a dead one was at is lost, or put aside for another try."""
        limit = TICK if self.time_limit is None else self.time_limit
        soonest = min(worker.since for worker in self._busy.values()) + limit - time.monotonic()
        for pipe in wait(list(self._busy), max(0.0, min(TICK, soonest))):
            worker = self._busy[pipe]
            try:
                message = worker.pipe.recv_bytes()
            except (EOFError, OSError):
                yield from self._lost(worker, worker.end())
                continue
            if message == READY:
                self._stillborn = 0
                worker.begin()
            else:
                self._idle.append(self._busy.pop(pipe))
                yield message

    def _overdue(self) -> Iterator[Lost[Any]]:
        """Kill workers that take too long or too much, unless they have answered meanwhile."""
        now, limit, most = time.monotonic(), self.time_limit, self.memory_limit
        if now - self._looked < TICK and limit is None:
            return
        for worker in [worker for worker in self._busy.values() if not worker.pipe.poll()]:
            if limit is not None and now - worker.since > limit:
                worker.end()
                del self._busy[worker.pipe]
                yield Lost(worker.item, TimedOut(f"took longer than runtime.time_limit={limit:g} s{AGAIN}"))
            elif most is not None and worker.resident() > most:
                worker.end()
                yield from self._lost(worker, f"killed as it took more than runtime.memory_limit, {most / 2**30:g} GiB")
        self._looked = now

    def _lost(self, worker: Worker, how: str) -> Iterator[Lost[Any]]:
        running = len(self._busy)
        del self._busy[worker.pipe]
        if not worker.lives:
            self._stillborn += 1
            if self._stillborn > self.tries:
                raise VidcurateError(f"{self._stillborn} workers in a row could not begin; the last: {how}")
            self._give(worker.item, worker.tries)
            return
        tries = worker.tries + 1
        log.warning("a worker was lost: %s; running: %d; try %d of %d of its item", how, running, tries, self.tries)
        emit("worker_lost", reason=how, running=running)
        if tries < self.tries:
            self._suspects.append((worker.item, tries))
            return
        alone = ", the last with nothing beside it" if tries > 1 else ""
        yield Lost(worker.item, WorkerLost(f"{tries} workers were lost at it{alone}: {how}{AGAIN}"))
