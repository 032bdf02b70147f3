"""Files in the making: a folder each, named by host and process, so that those of the dead can be told and removed."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidcurate.store.options import current
from vidcurate.store.trouble import told

STAGING = ".staging-"


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
        folder = Path(tempfile.mkdtemp(prefix=f"{STAGING}{socket.gethostname()}-{os.getpid()}-", dir=base))
    try:
        with told(base):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(base: Path) -> None:
    """Remove the folders below another that killed processes of this machine have left."""
    for folder in base.glob(f"{STAGING}{socket.gethostname()}-*"):
        if not is_alive(int(folder.name.rsplit("-", 2)[-2])):
            shutil.rmtree(folder, ignore_errors=True)


def is_alive(pid: int) -> bool:
    """Whether this machine has a process of that number."""
    try:
        os.kill(pid, 0)  # sends nothing, only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
