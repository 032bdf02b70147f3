"""What the runtimes on Dask share: a scheduler hands items to workers on this or other machines.

Only items and results travel, and no more of them are under way than keep the workers busy. Workers that declare the
resource `model` get the items that need models, those that declare `cpu` the others; where none declares one, all do.
"""

from __future__ import annotations

import importlib.util
import itertools
import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated

import pydantic

from vidcurate.errors import MissingExtra
from vidcurate.events import emit
from vidcurate.registry import Count, Positive, settings
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.dispatch import Dispatch
from vidcurate.runtime.task import Done, Item, Lost, Result, Task

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

LEAN = {
    "distributed.worker.profile.enabled": False,  # looks at the stack a hundred times a second
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,  # hands pages back after every frame
    "distributed.admin.tick.interval": "500ms",  # of every process, else fifty times a second
    "distributed.admin.system-monitor.interval": "2s",
    "distributed.worker.memory.monitor-interval": "500ms",  # of every nanny, else ten times a second
    # Workers hold no data that could be spilled, so these would only make one wait for ever; beyond 95% it is ended.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
}
"""Settings of Dask for what is started here. With the first two, videos cost a tenth less CPU; with the next three, a
worker and its scheduler take 1.4% of a core instead of 6.7% while they wait."""

QUIET = {"distributed": logging.WARNING, "distributed.scheduler": logging.CRITICAL, "distributed.client": logging.ERROR}
"""Levels of Dask's loggers; what they say of a lost worker, `Dispatch` says better."""

Memory = Annotated[str, pydantic.Field(pattern=r"^(auto|\d+(\.\d+)? ?[kMGT]?i?B)$")]
"""An amount of memory, such as 8GiB; auto is an even share of the machine's."""


@settings
class OnDask(Runtime):
    """Workers of a Dask cluster.

    Attributes:
        part_minutes: longer videos are shared by several workers, in parts of about that length; None shares none.
        tries: workers that one item may end before it is given up and recorded as failed; every try but the first has
            the process of its worker for itself.
        time_limit: seconds for one item, after which its worker is killed and it is recorded as failed; None waits for
            ever. Workers need a nanny, as they have unless told otherwise, to be started again.
        in_flight: tasks under way for each thread of a worker, so that none waits for the next; a task is one item, or
            a batch of short ones.
    """

    part_minutes: Positive | None = 10.0
    tries: Count = 3
    time_limit: Positive | None = 43200.0
    in_flight: Count = 2

    @property
    def remote(self) -> bool:
        """True: workers may be on other machines, and have other GPUs."""
        return True

    @property
    def part_length(self) -> float | None:
        """`part_minutes` in seconds."""
        return None if self.part_minutes is None else 60 * self.part_minutes

    @property
    def width(self) -> int | None:
        """None: only the scheduler knows."""
        return None

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
            VidcurateError: the cluster cannot be reached or was lost; what had ended by then has been handed out.
        """
        queue = iter(items)
        for first in itertools.islice(queue, 1):  # without items no cluster
            with _plain(), self.client() as client:
                _introduce(self.name, client)
                yield from Dispatch(
                    client=client,
                    task=task,
                    tries=self.tries,
                    time_limit=self.time_limit,
                    ahead=self.in_flight,
                    resource="model" if models else "cpu",
                ).outcomes(itertools.chain([first], queue))


def _introduce(runtime: str, client: Client) -> None:
    """Say where the scheduler is, and where Dask shows people what goes on."""
    address, link = str(client.scheduler.address), str(client.dashboard_link)
    shown = link if importlib.util.find_spec("bokeh") else f"{link} (empty: pip install bokeh)"
    workers = len(client.scheduler_info()["workers"])
    log.info("runtime=%s: scheduler %s, workers %d, dashboard %s", runtime, address, workers, shown)
    emit("cluster", scheduler=address, dashboard=link, workers=workers)


@contextmanager
def _plain() -> Iterator[None]:
    """Dask says nothing but warnings, and workers that are started here do not pay for what nobody looks at."""
    import dask
    import distributed  # noqa: F401  # sets the level of its logger when it is imported

    before = {name: logging.getLogger(name).level for name in QUIET}
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
    try:
        with dask.config.set(LEAN):
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
