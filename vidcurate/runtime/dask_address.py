"""A Dask cluster that runs already, on any number of machines: whoever started it ends it, too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vidcurate.errors import VidcurateError
from vidcurate.registry import register
from vidcurate.runtime.on_dask import OnDask
from vidcurate.runtime.stop import demand_running

if TYPE_CHECKING:
    from distributed import Client


@register
class DaskAddress(OnDask):
    """Workers that a Dask scheduler knows.

    Attributes:
        address: of the scheduler, such as tcp://host:8786, or path of its scheduler file (*.json).
    """

    address: str

    def seen(self) -> str:
        """Who answers at the address.

        Raises:
            VidcurateError: nobody does.
        """
        with self.client() as client:
            workers = client.scheduler_info(n_workers=-1)["workers"].values()
            threads = sum(worker["nthreads"] for worker in workers)
            return f"{client.scheduler.address} answers: {len(workers)} workers, {threads} threads"

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the cluster.

        Raises:
            VidcurateError: no scheduler answers.
        """
        from distributed import Client

        place = {"scheduler_file" if self.address.endswith(".json") else "address": self.address}
        try:
            self._await_file()
            client = Client(**place, set_as_default=False)
        except (OSError, ValueError) as error:
            raise VidcurateError(
                f"runtime.address={self.address!r}: no Dask scheduler answers there: {error}. Start one by "
                "`dask scheduler`, which says its address."
            ) from error
        with client:
            yield client

    def _await_file(self) -> None:
        """Wait for a scheduler file for as long as Dask waits for a connection; for the file it would wait for ever."""
        from dask import config
        from dask.utils import parse_timedelta

        end = time.monotonic() + parse_timedelta(config.get("distributed.comm.timeouts.connect"))
        while self.address.endswith(".json") and not Path(self.address).exists():
            if time.monotonic() > end:
                raise FileNotFoundError("there is no such file")
            demand_running()
            time.sleep(0.1)
