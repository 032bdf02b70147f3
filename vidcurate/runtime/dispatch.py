"""Items to the workers of a Dask cluster and outcomes back; whatever ends a worker costs only what that one was at.

Items that take less than seconds travel in batches. No more of them are under way than keep the workers busy, and what
has ended is forgotten, here and by the scheduler: memory does not grow with the number of items. An item whose worker
was lost is tried again, alone in its process: so it takes no other down with it.
"""

from __future__ import annotations

import itertools
import logging
import queue
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vidcurate.errors import TimedOut, VidcurateError, WorkerLost
from vidcurate.events import emit
from vidcurate.runtime.batch import SECONDS, TOPIC, Batch, work
from vidcurate.runtime.blame import PREFIX, blame
from vidcurate.runtime.pool import AGAIN, TICK
from vidcurate.runtime.stop import seconds_left, stopping
from vidcurate.runtime.task import Done, Lost, Task
from vidcurate.runtime.worker import answer

if TYPE_CHECKING:
    from distributed import Client, Future, KilledWorker

log = logging.getLogger(__name__)

LEAST = 16
"""Batches under way in any case: a cluster that grows with its queue must see one."""
MOST = 128
"""Items of a batch at most, however short they are."""
MISSES = 10
"""Workers that may die one after the other before they have begun a batch that waits there."""
PATIENCE = 30.0
"""Seconds without a worker after which the log says so."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item that is to be worked on.

    Attributes:
        item: what the function takes.
        tries: workers that it has ended.
        misses: workers that have died while it waited there.
    """

    item: Any
    tries: int = 0
    misses: int = 0


@dataclass(slots=True)
class _Handed:
    """A batch under way.

    Attributes:
        entries: its items.
        future: what Dask knows it by.
        index: of the item that was begun last.
        worker: which has begun it; none has before that.
        overdue: whether that item has taken too long.
    """

    entries: list[_Entry]
    future: Future
    index: int = 0
    worker: str = ""
    overdue: bool = False


@dataclass(slots=True, kw_only=True)
class Dispatch:
    """Hands out items, and hears what became of them.

    Attributes:
        client: of the cluster.
        task: what is done with every item.
        tries: workers that an item may end.
        time_limit: seconds for an item; None is no limit.
        ahead: batches under way for each thread of a worker.
        resource: name of the resource of Dask that workers for these items declare; where none does, all are for them.
    """

    client: Client
    task: Task[Any, Any]
    tries: int
    time_limit: float | None
    ahead: int
    resource: str
    _news: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    _handed: dict[str, _Handed] = field(default_factory=dict)
    _again: deque[_Entry] = field(default_factory=deque)
    _excused: set[str] = field(default_factory=set)
    _seconds: float = SECONDS
    _threads: int = 0
    _declared: bool = False
    _looked: float = float("-inf")
    _waited: float | None = field(default_factory=time.monotonic)

    def outcomes(self, items: Iterable[Any]) -> Iterator[Done[Any] | Lost[Any]]:
        """What became of every item, as they end; where the run is asked to stop, of those that end in time.

        Raises:
            Exception: what the function has raised.
            VidcurateError: the scheduler is lost, or workers die before they can begin.
        """
        source = iter(items)
        self.client.register_plugin(blame())
        self.client.subscribe_topic(TOPIC, lambda event: self._news.put(event[1]))
        try:
            while self._hand_out(source) and seconds_left() > 0:
                yield from self._heard()
        finally:
            if self.client.status == "running":
                self.client.unsubscribe_topic(TOPIC)
                self.client.cancel([handed.future for handed in self._handed.values()])

    def _hand_out(self, source: Iterator[Any]) -> bool:
        """Give the workers as much as keeps them busy; whether any is under way."""
        if stopping():
            self._withdraw()
            return bool(self._handed)
        self._look()
        while len(self._handed) < max(LEAST, self.ahead * self._threads):
            entries = self._drawn(source)
            if not entries:
                break
            self._submit(entries)
        return bool(self._handed)

    def _withdraw(self) -> None:
        """Take back what no worker has begun; the scheduler knows of those that the news have not told of yet."""
        self._again.clear()
        if all(handed.worker for handed in self._handed.values()):
            return
        try:
            for _, event in self.client.get_events(TOPIC):
                self._note(event)
        except OSError as error:
            raise _scheduler_lost(error) from error
        self.client.cancel([handed.future for handed in self._handed.values() if not handed.worker])
        self._handed = {name: handed for name, handed in self._handed.items() if handed.worker}

    def _drawn(self, source: Iterator[Any]) -> list[_Entry]:
        """What is handed out next: those that come again first, and one that has ended a worker by itself."""
        if self._again and self._again[0].tries:
            return [self._again.popleft()]
        size = max(1, min(MOST, int(SECONDS / max(self._seconds, 1e-6))))
        entries: list[_Entry] = []
        while self._again and not self._again[0].tries and len(entries) < size:
            entries.append(self._again.popleft())
        return entries + [_Entry(item) for item in itertools.islice(source, size - len(entries))]

    def _submit(self, entries: list[_Entry]) -> None:
        function = getattr(self.task.function, "func", self.task.function)
        name = f"{PREFIX}{getattr(function, '__name__', 'call')}-{uuid.uuid4().hex}"
        batch = Batch(name, tuple(entry.item for entry in entries), alone=entries[0].tries > 0)
        future = self.client.submit(
            work,
            batch,
            self.task,
            self.time_limit,
            key=name,
            pure=False,
            resources={self.resource: 1} if self._declared else None,
        )
        self._watch(_Handed(entries, future))

    def _watch(self, handed: _Handed) -> None:
        self._handed[handed.future.key] = handed
        handed.future.add_done_callback(self._news.put)

    def _look(self) -> None:
        """Count the threads of the workers that are for these items, now and then."""
        now = time.monotonic()
        if now - self._looked < (4 * TICK if self._threads else TICK):
            return
        try:
            workers = self.client.scheduler_info()["workers"].values()
        except OSError as error:
            raise _scheduler_lost(error) from error
        chosen = [worker for worker in workers if self.resource in worker["resources"]]
        self._looked, self._declared = now, self._declared or bool(chosen)
        self._threads = sum(worker["nthreads"] for worker in (chosen if self._declared else workers))
        if self._threads:
            self._waited = now
        elif self._waited is not None and now - self._waited > PATIENCE:
            log.warning("there is no worker for %g s now; more may join at any time", PATIENCE)
            self._waited = None

    def _heard(self) -> Iterator[Done[Any] | Lost[Any]]:
        """Wait for news, but not for long: a signal does not wake this thread."""
        try:
            news = self._news.get(timeout=TICK)
        except queue.Empty:
            return
        if isinstance(news, dict):
            self._note(news)
            return
        handed = self._handed.pop(news.key, None)
        if handed is not None:
            yield from self._ended(handed)

    def _note(self, event: dict[str, Any]) -> None:
        """What a worker has said of the batch that it is at."""
        if event["what"] == "overdue":
            self._excused.add(event["worker"])
        handed = self._handed.get(event["batch"])
        if handed is not None:
            handed.index, handed.worker = event["index"], event["worker"]
            handed.overdue = event["what"] == "overdue"

    def _ended(self, handed: _Handed) -> Iterator[Done[Any] | Lost[Any]]:
        from distributed import CancelledError, KilledWorker

        try:
            answers = handed.future.result(timeout=4 * TICK)
        except TimeoutError:  # its worker died before it was asked, so it is done again
            self._watch(handed)
            return
        except KilledWorker as error:
            yield from self._lost(handed, error)
            return
        except (CancelledError, OSError) as error:  # it went while nobody, or while somebody asked it
            raise _scheduler_lost(error) from error
        except ModuleNotFoundError as error:
            raise VidcurateError(
                f"a Dask worker lacks what this run needs: {error}. Install the same there."
            ) from error
        handed.future.release()
        self._again.extendleft(reversed(handed.entries[len(answers) :]))
        for message in answers:
            done: Done[Any] = answer(message)
            self._seconds += (done.facts["seconds"] - self._seconds) / 8
            yield done

    def _lost(self, handed: _Handed, error: KilledWorker) -> Iterator[Lost[Any]]:
        """What a dead worker was at is lost or comes again; what only waited there or had ended, comes again."""
        entries, dead = handed.entries, error.last_worker.address
        if handed.worker != dead:
            self._again.extend(_Entry(entry.item, entry.tries, entry.misses + 1) for entry in entries)
            if entries[0].misses >= MISSES:
                raise VidcurateError(
                    f"{MISSES} Dask workers in a row have died before they could begin; the last: {dead}. Their logs, "
                    "and that of their nanny, say why."
                ) from error
            return
        suspect = entries.pop(handed.index)
        self._again.extend(entries)
        if handed.overdue:
            yield Lost(suspect.item, TimedOut(f"took longer than runtime.time_limit={self.time_limit:g} s{AGAIN}"))
            return
        if dead in self._excused:  # it was ended because of another item
            self._again.append(suspect)
            return
        tries, running = suspect.tries + 1, len(self._handed)
        log.warning("a Dask worker was lost: %s; try %d of %d of its item", dead, tries, self.tries)
        emit("worker_lost", reason=dead, running=running)
        if tries < self.tries:
            self._again.appendleft(_Entry(suspect.item, tries))
            return
        alone = ", the last with nothing beside it in its process" if tries > 1 else ""
        yield Lost(
            suspect.item,
            WorkerLost(f"{tries} Dask workers were lost at it{alone}, most likely for want of memory: {dead}{AGAIN}"),
        )


def _scheduler_lost(error: Exception) -> VidcurateError:
    said = " ".join(str(error).split())
    return VidcurateError(
        f"the Dask scheduler was lost ({said}). What has ended is kept; once there is one, the same command goes on "
        "where it stopped."
    )
