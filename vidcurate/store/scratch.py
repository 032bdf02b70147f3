"""Files in the making: a folder each, named by host and process, so that those of the dead can be told and removed."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vidcurate.store.alive import started
from vidcurate.store.options import current
from vidcurate.store.trouble import told

STAGING = ".staging-"
STALE = 86400.0
"""Seconds without a new file after which a folder of another machine is given up."""


def scratch() -> Path:
    """The local folder for files of remote stores."""
    given = current().scratch
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(given).expanduser().absolute() if given else Path(tempfile.gettempdir(), f"vidcurate-{user}")
    with told(folder, ours=True):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def staged(base: Path) -> Iterator[Path]:
    """A folder below another, removed afterwards.

    Raises:
        StoreError: it cannot be made, or the disk has filled up.
    """
    with told(base, ours=True):
        base.mkdir(parents=True, exist_ok=True)
        owner = f"{socket.gethostname()}-{os.getpid()}-{started(os.getpid())}"
        folder = Path(tempfile.mkdtemp(prefix=f"{STAGING}{owner}-", dir=base))
    try:
        with told(base):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(base: Path) -> None:
    """Remove the folders below another that killed processes have left.

    Those of this machine go as soon as their process has ended. Of those of other machines nobody knows; they go after
    a day without a new file, by the clock of the disk.
    """
    found = list(base.glob(f"{STAGING}*"))
    others = [folder for folder in found if not _is_ours(folder)]
    for folder in found:
        if _is_ours(folder) and not _is_alive(folder):
            shutil.rmtree(folder, ignore_errors=True)
    if others:
        with staged(base) as fresh:
            now = fresh.stat().st_mtime
        for folder in others:
            with suppress(FileNotFoundError):
                if now - folder.stat().st_mtime > STALE:
                    shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return _parts(folder)[0] == socket.gethostname()


def _is_alive(folder: Path) -> bool:
    _, pid, since = _parts(folder)
    return started(pid) == since


def _parts(folder: Path) -> tuple[str, int, int]:
    """Host, process, and when that was started."""
    parts = folder.name.removeprefix(STAGING).rsplit("-", 3)
    is_known = len(parts) == 4 and parts[1].isdigit() and parts[2].isdigit()
    return (parts[0], int(parts[1]), int(parts[2])) if is_known else ("", 0, 0)
