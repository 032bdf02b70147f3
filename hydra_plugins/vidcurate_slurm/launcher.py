"""Hydra's launcher for SLURM: each config of a sweep is a job, and submitit carries it there and its result back.

It stands here because Hydra takes launchers only from the namespace `hydra_plugins`, and imports all that is there
whatever it is asked for: so what this one needs is imported where it is used. What hydra-submitit-launcher does not: it
notices by `squeue` alone when a job is cancelled or lost, says which, and takes the results of the others.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, configure_log, filter_overrides
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from vidcurate.errors import ConfigError, MissingExtra, VidcurateError

if TYPE_CHECKING:
    from submitit import Job

    from hydra_plugins.vidcurate_slurm._work import Work

log = logging.getLogger(__name__)


class SlurmLauncher(Launcher):
    """Runs the jobs of a sweep on SLURM and waits for them.

    Args:
        wishes: fields of `Request`.
    """

    def __init__(self, **wishes: Any) -> None:
        self._wishes: dict[str, Any] = OmegaConf.to_container(OmegaConf.create(wishes))  # type: ignore[assignment]  # a mapping is one

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take over what Hydra knows of the sweep.

        Raises:
            ConfigError: a setting cannot be, or there is no SLURM here.
            MissingExtra: submitit is not installed.
        """
        from vidcurate.registry import made
        from vidcurate.runtime.slurm import Request

        self._request = made(Request, "hydra.launcher", "slurm", self._wishes)
        self._context, self._task, self._config = hydra_context, task_function, config
        if importlib.util.find_spec("submitit") is None:
            raise MissingExtra("hydra/launcher=slurm", package="submitit", extra="slurm")
        if missing := [name for name in ("sbatch", "srun", "squeue") if shutil.which(name) is None]:
            raise ConfigError(
                [f"hydra/launcher=slurm: there is no {missing[0]} here; start it where SLURM is installed"]
            )

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run a job for each list of overrides and wait until all have ended.

        Args:
            job_overrides: of each job.
            initial_job_idx: number of the first.

        Returns:
            What each has returned, in the same order; one that was lost has returned the error that says so.

        Raises:
            ConfigError: sbatch refuses the jobs.
        """
        from hydra_plugins.vidcurate_slurm._waiting import outcomes

        configure_log(self._config.hydra.hydra_logging, self._config.hydra.verbose)
        Path(self._config.hydra.sweep.dir).mkdir(parents=True, exist_ok=True)
        works = [self._work(number, list(given)) for number, given in enumerate(job_overrides, initial_job_idx)]
        jobs = self._submitted(works)
        whole = jobs[0].job_id.partition("_")[0]
        log.info("SLURM job %s runs %d configs, with logs in %s", whole, len(jobs), self._request.logs)
        sent = {job.job_id: (job, work) for job, work in zip(jobs, works, strict=True)}
        returns: dict[str, JobReturn] = {}
        try:
            for job_id, outcome in outcomes(jobs, self._request.poll):
                returns[job_id] = _returned(*sent[job_id], outcome)
        except KeyboardInterrupt:
            log.warning("nobody waits for SLURM job %s any more, but it goes on; `scancel %s` ends it", whole, whole)
            raise
        return [returns[job.job_id] for job in jobs]

    def _work(self, number: int, overrides: list[str]) -> Work:
        from hydra_plugins.vidcurate_slurm._work import Work

        config = self._context.config_loader.load_sweep_config(self._config, overrides)
        with open_dict(config):
            config.hydra.job.num = number
        return Work(number, overrides, config, self._task, self._context, Singleton.get_state())

    def _submitted(self, works: list[Work]) -> list[Job[JobReturn]]:
        from submitit import SlurmExecutor
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        executor = SlurmExecutor(self._request.logs, max_num_timeout=self._request.restarts)
        executor.update_parameters(**self._request.parameters())
        try:
            with executor.batch():
                return [executor.submit(work) for work in works]
        except (FailedJobError, FailedSubmissionError) as error:
            said = [line for line in str(error).splitlines() if line.startswith("sbatch: error:")]
            raise ConfigError([f"hydra/launcher=slurm: {line}" for line in said or [str(error)]]) from error


def _returned(job: Job[JobReturn], work: Work, outcome: JobReturn | VidcurateError) -> JobReturn:
    """What a job has returned, or its loss as if it had returned that; it is logged."""
    name = f"job {work.number} ({' '.join(filter_overrides(work.overrides))}), SLURM job {job.job_id},"
    if isinstance(outcome, JobReturn):
        if outcome.status == JobStatus.COMPLETED:
            log.info("%s is done", name)
        else:
            log.error("%s has failed: %s\nIts log: %s", name, outcome._return_value, job.paths.stdout)
        return outcome
    error = type(outcome)(f"{name} {outcome}\nIts log: {job.paths.stdout}")
    log.error("%s", error)
    returned = JobReturn(overrides=work.overrides, status=JobStatus.FAILED)
    returned.return_value = error
    return returned
