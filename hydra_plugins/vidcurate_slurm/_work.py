"""What a job of a sweep does on its node: the run that Hydra would have done on this machine."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from vidcurate.errors import VidcurateError

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

log = logging.getLogger(__name__)


@dataclass
class Work:
    """One config of a sweep; it is pickled.

    Attributes:
        number: of it in the sweep.
        overrides: that make it.
        config: of this job, with `hydra`.
        task: what to do with it.
        context: what Hydra knows.
        singletons: state of Hydra's in the process that has composed the config.
    """

    number: int
    overrides: list[str]
    config: DictConfig
    task: TaskFunction
    context: HydraContext
    singletons: Any

    def __call__(self) -> JobReturn:
        """Do it; errors are returned, as ours."""
        from submitit import JobEnvironment

        Singleton.set_state(self.singletons)
        setup_globals()
        config = copy.deepcopy(self.config)  # Hydra makes it read-only, and a job that is put back comes here again
        with open_dict(config):
            config.hydra.job.id = JobEnvironment().job_id
        returned = run_job(
            hydra_context=self.context,
            task_function=self.task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        error = returned._return_value
        if returned.status == JobStatus.FAILED and not isinstance(error, VidcurateError):
            log.error("this is not foreseen", exc_info=error)
            returned.return_value = VidcurateError(f"{type(error).__name__}: {error}")
        return returned

    def checkpoint(self) -> DelayedSubmission:
        """The same again: what is committed is not done twice."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)
