"""What the runtimes on Dask share: a scheduler hands items to workers on this or other machines.

Only items and results travel, and no more of them are under way than keep the workers busy. What a lost worker was at
is done again by another; what loses one worker after the other ends the run.
"""

from __future__ import annotations

import importlib.util
import itertools
import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from vidcurate.errors import MissingExtra, VidcurateError
from vidcurate.registry import Positive, settings
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.task import Done, Item, Lost, Result, Task

if TYPE_CHECKING:
    from distributed import Client, Future

IN_FLIGHT = 2
"""Items under way for each thread of a worker, so that none waits for the next."""
LEAST = 16
"""Items under way in any case: a cluster that grows with its queue must see one."""

LEAN = {
    "distributed.worker.profile.enabled": False,  # looks at the stack a hundred times a second
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,  # hands pages back after every frame
}
"""Settings of Dask for workers that are started here: with both, videos cost a tenth less CPU."""

Memory = Annotated[str, pydantic.Field(pattern=r"^(auto|\d+(\.\d+)? ?[kMGT]?i?B)$")]
"""An amount of memory, such as 8GiB; auto is an even share of the machine's."""


@settings
class OnDask(Runtime):
    """Workers of a Dask cluster.

    Attributes:
        part_minutes: longer videos are shared by several workers, in parts of about that length; None shares none.
    """

    part_minutes: Positive | None = 10.0

    @property
    def remote(self) -> bool:
        """True: workers may be on other machines, and have other GPUs."""
        return True

    @property
    def part_length(self) -> float | None:
        """`part_minutes` in seconds."""
        return None if self.part_minutes is None else 60 * self.part_minutes

    def check(self) -> None:
        """Raise MissingExtra where Dask is not installed."""
        if importlib.util.find_spec("distributed") is None:
            raise MissingExtra(self.name, package="distributed", extra="dask")

    @abstractmethod
    def client(self) -> AbstractContextManager[Client]:
        """A client of the cluster; at the end it is closed, and so is the cluster if it was started here."""

    def run(
        self, task: Task[Item, Result], items: Iterable[Item], *, models: bool
    ) -> Iterator[Done[Result] | Lost[Item]]:
        """`task` of every item, in the order in which they end.

        Raises:
            VidcurateError: the cluster cannot be reached or was lost, or an item has killed several workers; what had
                ended by then has been handed out.
        """
        queue = iter(items)
        for first in itertools.islice(queue, 1):  # without items no cluster
            with _plain(), self.client() as client:
                yield from _mapped(client, task, itertools.chain([first], queue))


@contextmanager
def _plain() -> Iterator[None]:
    """Dask says nothing but warnings, and workers that are started here do not pay for what nobody looks at."""
    import dask
    import distributed  # noqa: F401  # sets the level of its logger when it is imported

    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with dask.config.set(LEAN):
            yield
    finally:
        logger.setLevel(before)


def _mapped(client: Client, task: Task[Item, Result], queue: Iterator[Item]) -> Iterator[Done[Result]]:
    from distributed import as_completed

    running, under_way = as_completed(loop=client.loop), 0
    while True:
        room = max(LEAST, IN_FLIGHT * _threads(client)) - under_way
        fresh = [client.submit(task, item, pure=False) for item in itertools.islice(queue, room)]
        running.update(fresh)
        under_way += len(fresh)
        if not under_way:
            return
        yield _result(next(running))
        under_way -= 1


def _threads(client: Client) -> int:
    try:
        return sum(client.nthreads().values())
    except OSError as error:
        raise _lost(error) from error


def _result(future: Future) -> Any:
    from distributed import CancelledError, KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise VidcurateError(
            f"a task has ended {error.allowed_failures + 1} workers one after the other, most likely for want of "
            "memory. Run the same command again to go on where it stopped, with a larger runtime.memory_limit or "
            "fewer workers."
        ) from error
    except CancelledError as error:
        raise _lost(error) from error


def _lost(error: Exception) -> VidcurateError:
    return VidcurateError(
        f"the Dask scheduler was lost ({error}). Run the same command again to go on where it stopped."
    )
