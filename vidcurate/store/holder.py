"""Who holds a dataset: what others are told of a run, and enough to know whether its process still lives."""

from __future__ import annotations

import getpass
import json
import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from vidcurate.store.alive import started

RUNS: set[str] = set()
"""Tokens of the runs of this process that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A run that changes a dataset.

    Attributes:
        token: tells this run from all others.
        user: who started it.
        host: where.
        pid: of its process.
        since: local time, for people; nothing is decided by it.
        steps: what it does.
        machine: a boot and a namespace of processes, in which pids mean something; empty where that is not known.
        started: when the process began, in ticks since boot; tells it from a later one of the same pid.
        job: of SLURM, if it is in one.
        restarts: how often SLURM has put the job back into its queue.
    """

    token: str
    user: str = ""
    host: str = ""
    pid: int = 0
    since: str = ""
    steps: tuple[str, ...] = ()
    machine: str = ""
    started: int = 0
    job: str = ""
    restarts: int = 0

    def __str__(self) -> str:
        job = f", SLURM job {self.job}" if self.job else ""
        return f"{self.user}@{self.host}, pid {self.pid}{job}, since {self.since}: {', '.join(self.steps) or 'report'}"

    def is_gone(self) -> bool:
        """Whether the run has ended, as far as this machine and this process can tell."""
        if not self.machine or self.machine != _machine():
            return False
        return started(self.pid) != self.started or (self.pid == os.getpid() and self.token not in RUNS)

    def precedes(self, other: Holder) -> bool:
        """Whether this was the same SLURM job before it was put back into the queue."""
        return bool(self.job) and self.job == other.job and self.restarts < other.restarts

    def encode(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()


def this_run(steps: Sequence[str]) -> Holder:
    """The run of this process."""
    return Holder(
        token=uuid.uuid4().hex,
        user=_user(),
        host=socket.gethostname(),
        pid=os.getpid(),
        since=datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
        steps=tuple(steps),
        machine=_machine(),
        started=started(os.getpid()),
        job=os.environ.get("SLURM_JOB_ID", ""),
        restarts=int(os.environ.get("SLURM_RESTART_COUNT", "0")),
    )


def decode(data: bytes) -> Holder:
    """The run that `encode` wrote down; of anything else a run of which only the token is known."""
    try:
        facts = json.loads(data)
        return Holder(**facts | {"steps": tuple(facts["steps"])})
    except (ValueError, TypeError, KeyError):
        return Holder(token=data.hex(), user="unknown", host="unknown")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return str(os.getuid())


def _machine() -> str:
    """Empty where the system has no /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
