"""A Dask cluster: one that runs already, on any number of machines, or one of processes that is started here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vidcurate.errors import VidcurateError
from vidcurate.registry import Count, register
from vidcurate.runtime.on_dask import OnDask

if TYPE_CHECKING:
    from distributed import Client


@register
class Dask(OnDask):
    """Workers of a Dask cluster.

    Attributes:
        address: of a scheduler, such as tcp://host:8786, or path of a scheduler file (*.json); None starts a cluster
            on this machine for as long as it is needed.
        workers: processes to start, if any; None takes one per core.
    """

    address: str | None = None
    workers: Count | None = None

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the cluster.

        Raises:
            VidcurateError: no scheduler answers.
        """
        from distributed import Client, LocalCluster

        if self.address is None:
            with (
                LocalCluster(
                    n_workers=self.workers,
                    threads_per_worker=self.threads_per_worker,
                    memory_limit=self.memory_limit,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                ) as cluster,
                Client(cluster, set_as_default=False) as client,
            ):
                yield client
            return
        place = {"scheduler_file" if self.address.endswith(".json") else "address": self.address}
        try:
            client = Client(**place, set_as_default=False)
        except (OSError, ValueError) as error:
            raise VidcurateError(
                f"runtime.address={self.address!r}: no Dask scheduler answers there: {error}"
            ) from error
        with client:
            yield client
