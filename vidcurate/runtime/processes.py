"""A pool of processes on this machine, one core each: codecs and models of several videos side by side."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Self

import pydantic

from vidcurate.errors import ConfigError
from vidcurate.registry import Count, Positive, register
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.pool import Pool
from vidcurate.runtime.task import Done, Item, Lost, Result, Task
from vidcurate.runtime.worker import Worker

Size = Annotated[str, pydantic.Field(pattern=r"^\d+(\.\d+)? ?[KMGT]?i?B$")]
"""An amount of memory, such as 8GiB."""


@register
class Processes(Runtime):
    """A pool of processes.

    Attributes:
        workers: how many; None takes one per usable core.
        part_minutes: longer videos are shared by several workers, in parts of about that length; None shares none.
        tries: workers that one item may end before it is given up and recorded as failed; every try but the first has
            the machine for itself.
        time_limit: seconds for one item, after which its worker is killed and it is recorded as failed. Twelve hours
            are out of reach of honest work on a part of ten minutes, even for a captioner without a GPU, and a decoder
            that hangs blocks one worker for no longer than that. None waits for ever.
        memory_limit: resident memory of a worker, looked at twice a second; one that takes more is killed, before the
            kernel kills another. None sets no limit.
    """

    workers: Count | None = None
    part_minutes: Positive | None = 10.0
    tries: Count = 3
    time_limit: Positive | None = 43200.0
    memory_limit: Size | None = None

    @property
    def part_length(self) -> float | None:
        """`part_minutes` in seconds; None where there is only one worker to share with."""
        alone = self.width == 1
        return None if self.part_minutes is None or alone else 60 * self.part_minutes

    @property
    def width(self) -> int:
        """As many as there are workers."""
        return self.workers or cores()

    def narrowed(self, workers: int) -> Self:
        """The same with no more workers than that."""
        return replace(self, workers=min(workers, self.width))

    def check(self) -> None:
        """Raise ConfigError where memory cannot be watched."""
        if self.memory_limit is not None and not Path("/proc/self/statm").exists():
            raise ConfigError([f"runtime.memory_limit={self.memory_limit!r} needs /proc, as of Linux; leave it null"])

    def seen(self) -> str:
        """How many there will be."""
        return f"{self.width} workers on this machine"

    def run(
        self, task: Task[Item, Result], items: Iterable[Item], *, models: bool
    ) -> Iterator[Done[Result] | Lost[Item]]:
        """`task` of every item, in the order in which they end.

        Raises:
            VidcurateError: workers die before they can begin.
        """
        queue = iter(items)
        head = list(itertools.islice(queue, 2))
        if len(head) < 2 and not task.risky:  # workers take seconds to import torch
            yield from map(task, head)
            return
        pool = Pool(
            start=partial(Worker, task),
            size=self.width,
            tries=self.tries,
            time_limit=self.time_limit,
            memory_limit=None if self.memory_limit is None else in_bytes(self.memory_limit),
        )
        yield from pool.outcomes(itertools.chain(head, queue))


def in_bytes(size: str) -> int:
    """How much a `Size` is."""
    digits = size.rstrip(" KMGTiB")
    unit = size.removeprefix(digits).strip().removesuffix("B")
    return int(float(digits) * (1024 if unit.endswith("i") else 1000) ** " KMGT".index(unit[:1] or " "))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
