"""Jobs of SLURM: what one asks for, and what has become of it. `squeue` says the latter; accounting is not needed."""

from __future__ import annotations

import logging
import re
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pydantic

from vidcurate.errors import ConfigError, Stopped, VidcurateError
from vidcurate.registry import Count, Positive, settings

log = logging.getLogger(__name__)

GONE = "GONE"
"""State of a job that SLURM has forgotten: some minutes after its end, by MinJobAge."""
ANSWER = 20.0
"""Seconds in which SLURM's programs must answer when all that is wanted is to know whether they do."""
_ENDS = {
    "CANCELLED": "was cancelled, as by scancel",
    "PREEMPTED": "had to give way to another job",
    "NODE_FAIL": "was lost with its node",
    "TIMEOUT": "ran into its time limit more often than it may be restarted",
    "OUT_OF_MEMORY": "took more memory than it had asked for",
    "BOOT_FAIL": "ended without a result: its node did not start",
    "COMPLETED": "ended without a result",
    "DEADLINE": "ended without a result: its deadline came",
    "FAILED": "ended without a result: it failed",
    "REVOKED": "ended without a result: another cluster has it",
    GONE: "ended without a result, and SLURM has forgotten why",
}
_GOES_ON = ("CANCELLED", "PREEMPTED", "NODE_FAIL", "TIMEOUT")


def _minutes(value: object) -> object:
    """Minutes, from what sbatch takes for --time.

    >>> _minutes(90), _minutes("90"), _minutes("1:30:00"), _minutes("2-12"), _minutes("1-00:30")
    (90, 90, 90, 3600, 1470)
    """
    if not isinstance(value, str):
        return value
    form = r"((?P<days>\d+)-)?(?P<first>\d+)(:(?P<second>\d\d))?(:(?P<third>\d\d))?"
    parts = re.fullmatch(form, value)
    if parts is None:
        raise ValueError("expected minutes, HH:MM:SS or D-HH:MM:SS")
    first, second, third = (int(parts[name] or 0) for name in ("first", "second", "third"))
    if parts["days"]:
        return int(parts["days"]) * 1440 + first * 60 + second
    if parts["third"]:
        return first * 60 + second + (third > 0)
    return first + (second > 0)


Minutes = Annotated[int, pydantic.BeforeValidator(_minutes), pydantic.Field(ge=1)]
"""A time limit, as sbatch takes it: 90, 1:30:00, 1-12:00:00."""


@settings
class Request:
    """What a job asks SLURM for.

    Attributes:
        name: of the job.
        partition: where it runs; None leaves that to SLURM, as with all that follows.
        account: that pays.
        qos: quality of service.
        time: minutes after which SLURM stops it, and puts it back into the queue.
        cpus: cores.
        mem: memory, such as 32G.
        gpus: GPUs.
        options: other options of sbatch by their long name.
        setup: lines of shell before the job.
        env: environment variables.
        parallel: jobs of a sweep that run at a time.
        restarts: how often it may run into its time limit; each time it goes on where it stopped.
        logs: folder of its script, its log and its result; all nodes must see it.
        poll: seconds between looks at squeue.
    """

    name: str = "vidcurate"
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: Minutes = 60
    cpus: Count = 8
    mem: str | None = None
    gpus: Annotated[int, pydantic.Field(ge=0)] = 0
    options: Mapping[str, str | int | float | bool] = pydantic.Field(default_factory=dict)
    setup: tuple[str, ...] = ()
    env: Mapping[str, str | int | float] = pydantic.Field(default_factory=dict)
    parallel: Count = 256
    restarts: Annotated[int, pydantic.Field(ge=0)] = 20
    logs: str
    poll: Positive = 10.0

    def parameters(self) -> dict[str, Any]:
        """The same in the words of submitit's SlurmExecutor, what is None left to SLURM."""
        exports = [f"export {name}={shlex.quote(str(value))}" for name, value in self.env.items()]
        asked = {
            "job_name": self.name,
            "partition": self.partition,
            "account": self.account,
            "qos": self.qos,
            "time": self.time,
            "cpus_per_task": self.cpus,
            "mem": self.mem,
            "gpus_per_node": self.gpus or None,
            "array_parallelism": self.parallel,
            "signal_delay_s": 60,
            "setup": [*self.setup, *exports],
            "additional_parameters": {"requeue": True, **self.options},
            # srun does not take this over from sbatch, and would bind the job to one core
            "srun_args": [f"--cpus-per-task={self.cpus}"],
            "stderr_to_stdout": True,
        }
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class State:
    """Where a job is.

    Attributes:
        name: as squeue calls it, `GONE` if it does not know the job.
        reason: why it waits or has ended, in a word of SLURM's; `None` if there is none.
    """

    name: str
    reason: str = "None"

    @property
    def is_end(self) -> bool:
        """Whether it stays there, unless SLURM puts it back into its queue."""
        return self.name in _ENDS


def states(jobs: Iterable[str]) -> dict[str, State]:
    """Where each job is; nothing while squeue does not answer.

    Args:
        jobs: ids, such as 12, or 12_3 for one of an array.
    """
    wanted = list(jobs)
    leaders = ",".join(sorted({job.partition("_")[0] for job in wanted}))
    command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i %T %r", f"--jobs={leaders}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode and "Invalid job id" not in ended.stderr:
        log.warning("squeue does not answer: %s", ended.stderr.strip())
        return {}
    lines = (line.split(maxsplit=2) for line in ended.stdout.splitlines())
    known = {job: State(name, *reason) for job, name, *reason in lines}
    return {job: known.get(job, State(GONE)) for job in wanted}


@dataclass(frozen=True, slots=True)
class Partition:
    """Nodes that jobs are sent to by one name, as far as they are alike.

    Attributes:
        name: as sbatch takes it.
        state: `up`, or why no job starts there.
        nodes: how many there are.
        cores: of each.
        gres: of each, e.g. `gpu:h100:8`; `(null)` where there is none.
        limit: of time, for a job.
    """

    name: str
    state: str
    nodes: int
    cores: str
    gres: str
    limit: str


def partitions() -> tuple[Partition, ...]:
    """What sinfo lists.

    Raises:
        ConfigError: it is not there, or does not answer.
    """
    command = ["sinfo", "--noheader", "--format=%R|%a|%D|%c|%G|%l"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER)
    except FileNotFoundError as error:
        raise ConfigError(["there is no sinfo on the PATH; start it where SLURM is installed"]) from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError([f"sinfo has not answered in {ANSWER:g} s; see that slurmctld runs"]) from error
    if ended.returncode:
        said = (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1]
        raise ConfigError([f"sinfo fails ({said}); see that slurmctld runs, and SLURM_CONF"])
    rows = [line.strip().split("|") for line in ended.stdout.splitlines() if line.strip()]
    return tuple(Partition(name, state, int(nodes), *facts) for name, state, nodes, *facts in rows)


def lost(state: State) -> VidcurateError:
    """What to say of a job without a result; the sentence begins with its name.

    Args:
        state: in which it has ended.
    """
    if state.name in _GOES_ON:
        return Stopped(f"{_ENDS[state.name]}. What it has committed stays; the same command goes on where it stopped.")
    return VidcurateError(f"{_ENDS[state.name]}.")
