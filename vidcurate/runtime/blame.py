"""What a Dask scheduler is told about batches: whose worker is lost is known at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import SchedulerPlugin

PREFIX = "vidcurate-"
"""With which the keys of batches begin."""


def blame() -> SchedulerPlugin:
    """Makes a scheduler say at once that a worker was lost, instead of trying what that had four times by itself.

    The class has no name that could be imported, so that it travels by value: the scheduler needs no vidcurate.
    """
    from distributed import SchedulerPlugin

    class Blame(SchedulerPlugin):  # type: ignore[misc]  # mypy does not follow Dask
        name = "vidcurate"
        idempotent = True

        def start(self, scheduler: Any) -> None:
            self.scheduler = scheduler

        def transition(self, key: Any, start: str, finish: str, *_: Any, **__: Any) -> None:
            if finish == "processing" and str(key).startswith(PREFIX):
                self.scheduler.tasks[key].suspicious = self.scheduler.allowed_failures

    return Blame()
