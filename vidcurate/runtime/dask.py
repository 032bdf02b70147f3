"""A Dask cluster of processes on this machine, started here and ended with the run."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from vidcurate.registry import Count, register
from vidcurate.runtime.on_dask import Memory, OnDask
from vidcurate.runtime.started import started

if TYPE_CHECKING:
    from distributed import Client, LocalCluster


@register
class Dask(OnDask):
    """Workers of a Dask cluster on this machine.

    Attributes:
        workers: processes to start; None takes one per core.
        threads_per_worker: items that a worker has in hand at a time.
        memory_limit: of a worker; beyond it the worker is started anew.
    """

    workers: Count | None = None
    threads_per_worker: Count = 1
    memory_limit: Memory = "auto"

    @property
    def width(self) -> int:
        """The threads of all workers."""
        return (self.workers or os.cpu_count() or 1) * self.threads_per_worker

    def narrowed(self, workers: int) -> Self:
        """The same with no more workers than that."""
        return replace(self, workers=max(1, min(workers, self.width) // self.threads_per_worker))

    def client(self) -> AbstractContextManager[Client]:
        """A client of the cluster."""
        return started(self._start)

    def _start(self) -> LocalCluster:
        from distributed import LocalCluster

        return LocalCluster(
            n_workers=self.workers,
            threads_per_worker=self.threads_per_worker,
            memory_limit=self.memory_limit,
            processes=True,
            dashboard_address="127.0.0.1:0",
        )
