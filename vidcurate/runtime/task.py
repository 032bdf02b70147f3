"""What travels to a worker: a function and how to reach the stores; what comes back: its result and where time went."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from vidcurate.errors import VidcurateError
from vidcurate.records import Video
from vidcurate.store.options import Storage, current, use
from vidcurate.timings import collected

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """An item that has been worked on.

    Attributes:
        result: what the function gave.
        facts: of the event `item`; docs/observability.md lists them.
    """

    result: Result
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost(Generic[Item]):
    """An item whose workers were lost, or that took too long.

    Attributes:
        item: which one.
        error: what became of it.
    """

    item: Item
    error: VidcurateError


@dataclass(frozen=True, slots=True)
class Task(Generic[Item, Result]):
    """A function as workers call it.

    Attributes:
        function: pickles by reference (a module-level function, or a partial of one).
        storage: by which the worker reaches the stores.
        risky: whether an item may end its process, so that even a single one is worth a worker.
    """

    function: Callable[[Item], Result]
    storage: Storage
    risky: bool = False

    def __call__(self, item: Item) -> Done[Result]:
        """Work on one item."""
        if current() != self.storage:
            use(self.storage)
        began, clock, cpu = time.time(), time.perf_counter(), time.thread_time()
        with collected() as stages:
            result = self.function(item)
        facts = {
            "worker": f"{socket.gethostname()}:{os.getpid()}",
            "began": began,
            "seconds": time.perf_counter() - clock,
            "cpu_seconds": time.thread_time() - cpu,
            "stages": stages,
            "video": _video(item),
            "gpu": _gpu(),
        }
        return Done(result, facts)


def _video(item: object) -> str | None:
    """Id of the video that an item is, or is a part of."""
    video = getattr(item, "video", item)
    return video.id if isinstance(video, Video) else None


def _gpu() -> str | None:
    """Which GPU this process uses; None where it uses none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return str(torch.cuda.get_device_properties(torch.cuda.current_device()).uuid)
