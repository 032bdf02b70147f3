"""What the system lets this process have: CPU time, memory, open files, shared memory, scratch space."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from vidcurate.runtime.processes import cores
from vidcurate.stage.doctor import cgroup
from vidcurate.stage.doctor.finding import Case
from vidcurate.stage.findings import Finding, note, ok, trouble
from vidcurate.store.options import current
from vidcurate.store.scratch import scratch

GIB = 2**30
WORKER = 1.5 * GIB
"""Memory that a worker should have: torch, two small networks and decoded frames of HD video."""
FILES = 1024
"""Open files below which many workers or shards may run out of them."""
SHARED = 1 * GIB
"""Shared memory below which loaders of batches of video fail with a bus error."""
SCRATCH = 10 * GIB
"""Room for the files of remote stores that a few workers have in hand."""


def limits(case: Case) -> Iterator[Finding]:
    """CPU time, memory, files, shared memory and scratch."""
    yield _cpu(case)
    yield _memory(case)
    yield from _files()
    yield from _shared()
    yield _scratch(case)


def _cpu(case: Case) -> Finding:
    quota = cgroup.cpus()
    if quota is None or quota >= cores():
        return ok("CPU time", "not limited by a container")
    said = f"the container may use {quota:g} CPUs of the {cores()} that it sees"
    if _workers(case) > max(1.0, quota):
        return note("CPU time", said, f"runtime.workers={max(1, round(quota))}, or they wait for each other")
    return ok("CPU time", said)


def _memory(case: Case) -> Finding:
    limit, installed, free = cgroup.memory(), _meminfo("MemTotal"), _meminfo("MemAvailable")
    if not installed:
        return ok("memory", "unknown: no /proc/meminfo")
    most = min(limit or installed, installed)
    usable = min(most, free)
    of = "of the container" if most < installed else "of the machine"
    said = f"{usable / GIB:.1f} GiB free, {most / GIB:.1f} GiB {of}"
    if usable < _workers(case) * WORKER:
        fit = max(1, int(usable / WORKER))
        wanted = f"{_workers(case)} workers want about {_workers(case) * WORKER / GIB:.3g}"
        return note("memory", f"{said}; {wanted}", f"runtime.workers={fit}, or free some")
    return ok("memory", said)


def _workers(case: Case) -> int:
    """Processes that work on this machine."""
    return int(getattr(case.runtime, "workers", 1) or cores())


def _meminfo(name: str) -> int:
    """Bytes, as Linux says; 0 elsewhere."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


def _files() -> Iterator[Finding]:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{'any number' if soft == resource.RLIM_INFINITY else soft} may be open at a time"
    if soft != resource.RLIM_INFINITY and soft < FILES:
        most = "unlimited" if hard == resource.RLIM_INFINITY else hard
        yield note("open files", said, f"ulimit -n {most}")
    else:
        yield ok("open files", said)


def _shared() -> Iterator[Finding]:
    folder = Path("/dev/shm")
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    said = f"{folder}, {free / GIB:.1f} GiB free"
    if free < SHARED:
        advice = "docker run --shm-size=8g, or train with num_workers=0; curating does not use it"
        yield note("shared memory", said, advice)
    else:
        yield ok("shared memory", said)


def _scratch(case: Case) -> Finding:
    try:
        folder = scratch()
        free = shutil.disk_usage(folder).free
    except Exception as error:  # StoreError, or what the system says of the folder
        return trouble("scratch", f"cannot be used: {error}", "storage.scratch=DIR, a local folder of yours")
    limit = current().scratch_limit
    said = f"{folder}, {free / GIB:.1f} GiB free" + (f", of which {limit / GIB:.1f} may be used" if limit else "")
    if limit and free < limit:
        return note("scratch", said, f"storage.scratch_limit={free // GIB}GiB, or another storage.scratch")
    if free < SCRATCH:
        return note("scratch", said, "storage.scratch=DIR on a larger disk, if source or out is not a local folder")
    return ok("scratch", said)
