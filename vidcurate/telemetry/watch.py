"""Everything that listens to a run, from its first event to its last."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

from vidcurate.events import emit, listening
from vidcurate.store.files import Store
from vidcurate.telemetry.closing import tell
from vidcurate.telemetry.journal import journal
from vidcurate.telemetry.metrics import exposed
from vidcurate.telemetry.tally import Tally


@contextmanager
def watched(
    store: Store, run: str | None, *, steps: Sequence[str], runtime: str, metrics: str | None
) -> Iterator[tuple[Tally, Callable[[], None]]]:
    """Write down what the block tells, and say at its end where the time went.

    Args:
        store: the dataset.
        run: tells this run from all others; None for one that changes nothing, which writes no journal.
        steps: what it is to do.
        runtime: name of the one that it uses.
        metrics: path of a file for Prometheus; None writes none.

    Yields:
        The sums of the run so far, and a function that brings its journal up to date for who reads it before the end.

    Raises:
        ConfigError: that file cannot be written.
    """
    tally = Tally()
    with ExitStack() as listeners:
        if metrics is not None:
            listeners.enter_context(exposed(metrics, store.url, tally))
        write = _untold if run is None else listeners.enter_context(journal(store, run))
        listeners.enter_context(listening(tally.hear))
        emit(
            "run",
            run=(run or "")[:8],
            steps=[*steps],
            version=version("vidcurate"),
            host=socket.gethostname(),
            pid=os.getpid(),
            job=os.environ.get("SLURM_JOB_ID"),
            runtime=runtime,
        )
        how = "broken off"
        try:
            yield tally, write
            how = "done"
        except Exception as error:
            how = type(error).__name__
            raise
        finally:
            emit("end", how=how)
            tell(tally)


def _untold() -> None:
    """Write nothing, for want of a journal."""
