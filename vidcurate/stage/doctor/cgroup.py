"""What a container leaves of a machine: the quota of CPU time and the memory of its cgroups, versions 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

NO_LIMIT = 2**60
"""Bytes from which on version 1 means none."""


def cpus(root: Path = Path("/")) -> float | None:
    """CPUs' worth of time that this process may use; None where there is no limit.

    Args:
        root: of the file system that holds /proc and /sys.
    """
    shares = []
    for folder in _folders(root, ""):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit():
            shares.append(int(quota) / int(period))
    for folder in _folders(root, "cpu"):
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            shares.append(int(quota) / int(period))
    return min(shares, default=None)


def memory(root: Path = Path("/")) -> int | None:
    """Bytes that the processes of this container may hold; None where there is no limit. `root` as above."""
    limits = [_text(folder / "memory.max") for folder in _folders(root, "")]
    limits += [_text(folder / "memory.limit_in_bytes") for folder in _folders(root, "memory")]
    return min((int(limit) for limit in limits if limit.isdigit() and int(limit) < NO_LIMIT), default=None)


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """Folders of this process's group and of those above it, as far as they are to be seen; version 2 has no name."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, names, group = line.split(":", 2)
        if controller not in names.split(","):
            continue
        top = root / "sys/fs/cgroup" / (names if controller else "")
        top = top if top.is_dir() else root / "sys/fs/cgroup" / controller
        inner = top / group.lstrip("/")
        yield from (folder for folder in (inner, *inner.parents) if folder == top or folder.is_relative_to(top))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
