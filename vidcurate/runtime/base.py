"""What a runtime is: it applies one function to many videos, here or elsewhere, and hands results back as they come."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import ClassVar, Self

from vidcurate.events import emit
from vidcurate.registry import Component, Positive, settings
from vidcurate.runtime.queue import Queue
from vidcurate.runtime.stop import GRACE, stopped, stopping, while_running
from vidcurate.runtime.task import Done, Item, Lost, Result, Task
from vidcurate.store.options import current


@settings
class Runtime(Component):
    """Where the work is done. Results never depend on it.

    Attributes:
        grace: seconds in which what is under way may end after a signal that asks the run to stop.
    """

    grace: Positive = GRACE

    kind: ClassVar[str] = "runtime"

    @property
    def remote(self) -> bool:
        """Whether workers may have more cores or GPUs than this machine: work that only needs those goes there, too."""
        return False

    @property
    def part_length(self) -> float | None:
        """Seconds from which on a video is shared by workers, and how long their parts are; None shares none."""
        return None

    def seen(self) -> str:
        """What can be told of the workers before any work and without starting anything; raises as `check` does."""
        return ""

    @property
    def width(self) -> int | None:
        """Items that may be under way at a time, each on a core or GPU; None where only the cluster knows."""
        return 1

    def narrowed(self, workers: int) -> Self:
        """The same with no more workers than that, where it decides how many there are."""
        return self

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        lost: Callable[[Item, Exception], Result] | None = None,
        models: bool = True,
    ) -> Iterator[Result]:
        """`function` of every item, in any order.

        Args:
            function: pickles by reference (a module-level function, or a partial of one).
            items: small values: paths and records, never pixels.
            lost: the result of an item that cannot be had from a worker, because it has ended several or took too
                long; is called in this process. None makes such an item an error.
            models: whether the function runs models: where some workers say that they are for those, it goes there.

        Raises:
            VidcurateError: the workers cannot be reached, or an item was lost and `lost` is None.
            Stopped: a signal came before all items had ended.
        """
        count = len(items) if isinstance(items, Sized) else None
        queue, task = Queue(while_running(items), count), Task(function, current(), risky=lost is not None)
        for outcome in self.run(task, queue, models=models):
            queue.end()
            if isinstance(outcome, Done):
                emit("item", **outcome.facts)
                yield outcome.result
                continue
            emit("lost", reason=str(outcome.error))
            if lost is None:
                raise outcome.error
            yield lost(outcome.item, outcome.error)
        queue.tell()
        if stopping() and queue.ended != count:
            emit("stopped", ended=queue.ended, count=count)
            left = "" if count is None else f" of {count}, {count - queue.ended} are left"
            raise stopped(f"items that were done and are kept: {queue.ended}{left}")

    @abstractmethod
    def run(
        self, task: Task[Item, Result], items: Iterable[Item], *, models: bool
    ) -> Iterator[Done[Result] | Lost[Item]]:
        """`task` of every item, or what became of it, as they end; arguments and errors are those of `map`."""
