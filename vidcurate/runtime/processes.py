"""A pool of processes on this machine, one core each: codecs and models of several videos side by side.

Workers are forked from a server that has imported the heavy libraries once for all of them, and that has no threads:
forking this process, which has some, would deadlock. Where there is no such server, as on Windows, each worker is
spawned and imports them itself.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import Annotated

import pydantic

from vidcurate.errors import VidcurateError
from vidcurate.registry import Count, register
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.task import Done, Item, Lost, Result, Task

THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PRELOADED = ("torch", "av", "pyarrow.parquet")
"""Beside the module of the function that is mapped; what is not installed is passed over."""
IN_FLIGHT = 2  # items handed to each worker, so that none waits for the next


@register
class Processes(Runtime):
    """A pool of processes.

    Attributes:
        workers: how many; None takes one per usable core.
        part_minutes: longer videos are shared by several workers, in parts of about that length; None shares none.
    """

    workers: Count | None = None
    part_minutes: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] | None = 10.0

    @property
    def part_length(self) -> float | None:
        """`part_minutes` in seconds; None where there is only one worker to share with."""
        alone = (self.workers or _cores()) == 1
        return None if self.part_minutes is None or alone else 60 * self.part_minutes

    def run(
        self, task: Task[Item, Result], items: Iterable[Item], *, models: bool
    ) -> Iterator[Done[Result] | Lost[Item]]:
        """`task` of every item, in the order in which they end.

        Raises:
            VidcurateError: a worker was killed; what had ended by then has been handed out.
        """
        queue = iter(items)
        head = list(itertools.islice(queue, 2))
        if len(head) < 2:  # not worth a pool
            yield from map(task, head)
            return
        yield from self._pooled(task, itertools.chain(head, queue))

    def _pooled(self, task: Task[Item, Result], queue: Iterator[Item]) -> Iterator[Done[Result]]:
        workers, context = self.workers or _cores(), _context(task.function)
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
            running: set[Future[Done[Result]]] = set()
            try:
                while True:
                    room = workers * IN_FLIGHT - len(running)
                    running |= {pool.submit(task, item) for item in itertools.islice(queue, room)}
                    if not running:
                        return
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in ended:
                        yield future.result()
            except BrokenProcessPool as error:
                raise VidcurateError(
                    f"a worker process was killed, most likely for want of memory: {workers} workers were running. "
                    "Run the same command again to go on where it stopped, with a smaller runtime.workers."
                ) from error
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _context(function: Callable[..., object]) -> BaseContext:
    """How workers are started; what they import is limited to one core each."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([getattr(function, "func", function).__module__, *PRELOADED])
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ |= dict.fromkeys(THREAD_LIMITS, "1")
    try:
        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return context


def _start_worker() -> None:
    os.environ |= dict.fromkeys(THREAD_LIMITS, "1")  # a spawned worker has imported none of the libraries yet
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A pool whose process was killed never tells its workers to end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
