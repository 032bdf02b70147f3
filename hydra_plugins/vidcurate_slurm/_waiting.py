"""Waiting for jobs of submitit, with nothing but their results and `squeue` to look at."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn

from vidcurate.errors import Stopped, VidcurateError
from vidcurate.runtime.slurm import State, lost, states

if TYPE_CHECKING:
    from submitit import Job

log = logging.getLogger(__name__)

USUAL = ("None", "Priority", "Resources", "JobArrayTaskLimit", "BeginTime")
"""Reasons to wait that pass by themselves."""


def outcomes(jobs: Sequence[Job[JobReturn]], poll: float) -> Iterator[tuple[str, JobReturn | VidcurateError]]:
    """The id of each job as it ends, and what it has returned or how it was lost.

    A job is lost when two looks at squeue have found it at its end and there is no result: one that SLURM puts back
    into its queue is at its end for a moment, and a result may take a while to be seen through a network file system.

    Args:
        jobs: those to wait for.
        poll: seconds between looks.
    """
    waiting = {job.job_id: job for job in jobs}
    before: dict[str, State] = {}
    told = set(USUAL)
    while waiting:
        seen = states(waiting)
        for reason in {state.reason for state in seen.values() if state.name == "PENDING"} - told:
            told.add(reason)
            log.warning("SLURM lets jobs wait: %s", reason)
        for name, job in list(waiting.items()):
            outcome = _result(job)
            if isinstance(outcome, Stopped | None):  # that may be put back into the queue, too
                state, last = seen.get(name), before.get(name)
                if state is None or last is None or not (state.is_end and last.is_end):
                    continue
                outcome = lost(state)
            del waiting[name]
            yield name, outcome
        before = seen
        if waiting:
            time.sleep(poll)


def _result(job: Job[JobReturn]) -> JobReturn | VidcurateError | None:
    from submitit.core.utils import FailedJobError

    with suppress(OSError):
        list(job.paths.folder.iterdir())  # NFS looks anew
    if not job.paths.result_pickle.exists():
        return None
    try:
        returned: JobReturn = job.result()
    except FailedJobError as error:
        return VidcurateError(f"{error}")
    return returned._return_value if isinstance(returned._return_value, Stopped) else returned
