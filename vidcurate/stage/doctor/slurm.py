"""SLURM: whether it answers here, its partitions, and this user's jobs."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Iterator

from vidcurate.errors import ConfigError
from vidcurate.runtime.slurm import ANSWER, Partition, partitions
from vidcurate.stage.doctor.finding import Case, told
from vidcurate.stage.findings import Finding, note, ok

PROGRAMS = ("sinfo", "squeue", "sbatch", "scancel")
SHOWN = 12
"""Partitions that are told one by one."""


def slurm(case: Case) -> Iterator[Finding]:
    """Where there is one: what it answers. Whether the runtime needs it, its own check says."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing == list(PROGRAMS):
        yield ok("SLURM", "is not here; only runtime=dask_slurm and hydra/launcher=slurm want it")
        return
    if missing:
        yield note("SLURM", f"{', '.join(missing)} cannot be found", "put SLURM's folder of programs on the PATH")
    if "sinfo" in missing:
        return
    try:
        there = partitions()
    except ConfigError as error:
        yield note("sinfo", error.problems[0], "ask who runs the cluster, if you want to use it")
        return
    for entry in there[:SHOWN]:
        yield _told(entry)
    if more := there[SHOWN:]:
        yield ok("more partitions", ", ".join(entry.name for entry in more))
    if "squeue" not in missing:
        yield _jobs()


def _told(entry: Partition) -> Finding:
    gres = "" if entry.gres == "(null)" else f", {entry.gres}"
    said = f"{entry.state}, {entry.nodes} nodes of {entry.cores} cores{gres}, up to {entry.limit}"
    name = f"partition {entry.name}"
    return ok(name, said) if entry.state == "up" else note(name, said, "jobs wait there until it is up")


def _jobs() -> Finding:
    command = ["squeue", "--noheader", "--me", "--format=%T"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER)
    except (OSError, subprocess.TimeoutExpired) as error:
        return note("squeue", f"does not answer: {told(error)}", "see that slurmctld runs")
    if ended.returncode:
        return note("squeue", f"fails: {ended.stderr.strip()}", "see that slurmctld runs")
    states = ended.stdout.split()
    running = states.count("RUNNING")
    return ok("squeue", f"{len(states)} jobs of {getpass.getuser()}, {running} of them running")
