"""A Dask cluster whose workers are jobs of SLURM: the scheduler runs here, and jobs come and go with the work.

Source: SLURMCluster of dask-jobqueue. Jobs with GPUs start `dask cuda worker`; not yet run on a GPU by us.
"""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from vidcurate.errors import ConfigError, MissingExtra
from vidcurate.registry import Count, register
from vidcurate.runtime.on_dask import Memory, OnDask
from vidcurate.runtime.slurm import Minutes, partitions

if TYPE_CHECKING:
    from distributed import Client


@register
class DaskSlurm(OnDask):
    """Workers in jobs of SLURM.

    Attributes:
        partition: where the jobs run; None leaves that to SLURM, as with the next two.
        account: that pays.
        qos: quality of service.
        min_jobs: that there are at any time; those that are lost are replaced.
        max_jobs: that there may be while there is work.
        cores: of each job.
        memory: of each job, shared by its workers; a worker beyond its share is started anew.
        processes: workers of each job, each with its share of the cores; None takes one for each core, or GPU.
        gpus: of each job.
        walltime: minutes after which SLURM ends a job; what it was at is done again by another.
        interface: network interface of scheduler and workers, such as ib0; None takes that of the default route.
        directives: other lines of sbatch, such as --constraint=a100.
        setup: lines of shell before the workers.
        env: environment variables of the workers.
        logs: folder for what the jobs say.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    min_jobs: Annotated[int, pydantic.Field(ge=0)] = 0
    max_jobs: Count = 4
    cores: Count = 8
    memory: Memory = "16GiB"
    processes: Count | None = None
    gpus: Annotated[int, pydantic.Field(ge=0)] = 0
    walltime: Minutes = 240
    interface: str | None = None
    directives: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    env: Mapping[str, str | int | float] = pydantic.Field(default_factory=dict)
    logs: str = "outputs/dask_slurm"

    @property
    def width(self) -> int:
        """The threads of the workers of as many jobs as there may be."""
        processes = self.processes or self.gpus or self.cores
        return self.max_jobs * processes * max(1, self.cores // processes)

    def check(self) -> None:
        """Ask for the packages, then for SLURM.

        Raises:
            ConfigError: there is no SLURM here, or settings do not go together.
            MissingExtra: Dask, dask-jobqueue or dask-cuda is not installed.
        """
        super().check()
        if importlib.util.find_spec("dask_jobqueue") is None:
            raise MissingExtra(self.name, package="dask-jobqueue", extra="slurm")
        if self.gpus and importlib.util.find_spec("dask_cuda") is None:
            raise MissingExtra(self.name, package="dask-cuda[cu13]", extra="gpu")
        if missing := [name for name in ("sbatch", "scancel") if shutil.which(name) is None]:
            raise ConfigError([f"runtime=dask_slurm: no {missing[0]} on the PATH; start it where SLURM is installed"])
        if self.memory == "auto":
            raise ConfigError(["runtime.memory='auto': say how much a job may take, e.g. 16GiB"])
        if self.min_jobs > self.max_jobs:
            raise ConfigError([f"runtime.min_jobs={self.min_jobs} is more than runtime.max_jobs={self.max_jobs}"])

    def seen(self) -> str:
        """The partition that the jobs would run in.

        Raises:
            ConfigError: SLURM does not answer, or has no such partition.
        """
        there = partitions()
        names = [entry.name for entry in there]
        if self.partition is None:
            return f"the default of the partitions {', '.join(names)}"
        if missing := [name for name in self.partition.split(",") if name not in names]:
            raise ConfigError([f"runtime.partition={missing[0]!r} is none of SLURM's; take one of {', '.join(names)}"])
        return f"partition {self.partition}, up to {self.max_jobs} jobs of {self.cores} cores"

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the cluster; jobs are cancelled at the end."""
        from distributed import Client

        with jobqueue().SLURMCluster(**self.wishes()) as cluster:
            # A job is worth its start for a second of work a thread: tasks last two, and few wait for each thread.
            cluster.adapt(minimum_jobs=self.min_jobs, maximum_jobs=self.max_jobs, target_duration="1s")
            with Client(cluster, set_as_default=False) as client:
                yield client

    def wishes(self) -> dict[str, Any]:
        """The settings in the words of SLURMCluster."""
        gpus = [f"--gpus-per-node={self.gpus}"] if self.gpus else []
        qos = [f"--qos={self.qos}"] if self.qos else []
        exports = [f"export {name}={shlex.quote(str(value))}" for name, value in self.env.items()]
        return {
            "queue": self.partition,
            "account": self.account,
            "cores": self.cores,
            "memory": self.memory,
            "processes": self.processes or self.gpus or self.cores,
            "walltime": str(self.walltime),
            "interface": self.interface,
            "job_name": "vidcurate",
            "job_extra_directives": [*qos, *gpus, *self.directives],
            "job_script_prologue": [*self.setup, *exports],
            "worker_command": "dask_cuda.cli worker" if self.gpus else "distributed.cli.dask_worker",
            "log_directory": self.logs,
            "scheduler_options": {"dashboard_address": ":0", "interface": self.interface},
        }


def jobqueue() -> Any:
    """`dask_jobqueue.slurm`; Ctrl-C stays with who has it, though dask-jobqueue takes it over as it is imported."""
    handler = signal.getsignal(signal.SIGINT)
    module = importlib.import_module("dask_jobqueue.slurm")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)
    return module
