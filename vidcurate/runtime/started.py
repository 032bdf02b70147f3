"""A Dask cluster that is started on this machine, and ended for good whatever its workers are at."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from vidcurate.errors import VidcurateError
from vidcurate.runtime.stop import stopping
from vidcurate.runtime.worker import shielded

if TYPE_CHECKING:
    from distributed import Client, LocalCluster, Nanny

SECONDS = 6.0
"""For workers to end; Dask gives each 4 before it kills it."""


@contextmanager
def started(start: Callable[[], LocalCluster]) -> Iterator[Client]:
    """A client of the cluster.

    Args:
        start: starts it; signals are withheld from its workers, which go on for as long as the run lets them.

    Raises:
        VidcurateError: its workers do not start.
    """
    import dask
    from distributed import Client

    # A cluster closes for good what its nanny has not started anew in 15 s, which imports alone may take.
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"}):
        try:
            with shielded():
                cluster = start()
        except (OSError, RuntimeError) as error:
            raise VidcurateError(
                f"the Dask workers of this machine do not start: {error} Run the same command again; if that does not "
                "help, take fewer runtime.workers, or runtime=processes."
            ) from error
        try:
            with Client(cluster, set_as_default=False) as client:
                yield client
        finally:
            _end(cluster)


def _end(cluster: LocalCluster) -> None:
    """Close it; kill workers that are given up, and those whose nanny waits for ever for their start."""
    nannies = list(cluster.workers.values())
    if stopping():
        _kill(nannies)
    try:
        cluster.close(timeout=SECONDS)
    except TimeoutError:
        _kill(nannies)
        with suppress(TimeoutError):
            cluster.close(timeout=SECONDS)


def _kill(nannies: Iterable[Nanny]) -> None:
    for nanny in nannies:
        nanny.close_gracefully(reason="the run ends")  # starts no other
        if nanny.pid:
            with suppress(ProcessLookupError):
                os.kill(nanny.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
