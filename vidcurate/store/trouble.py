"""Trouble of a disk, told from trouble of what is worked on: full, read-only, not ours to write."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vidcurate.errors import ConfigError, StoreError
from vidcurate.store.mask import masked
from vidcurate.store.retry import chain, is_transient

if TYPE_CHECKING:
    from vidcurate.store.files import Store

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
SHUT = frozenset({errno.EROFS})
DENIED = frozenset({errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR})
LEAST = 2**20
"""Bytes that a disk must have left for a run to begin."""
GOES_ON = "the same command goes on where this one stopped"


@contextmanager
def told(where: str | Path, *, ours: bool = False) -> Iterator[None]:
    """Raise what a disk does to a block as StoreError, wherever it hides in the chain of causes (libav's errors too).

    Args:
        where: the folder that is written to.
        ours: all that is opened in the block is ours, so that a denied permission is the store's trouble too.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        codes = {getattr(one, "errno", None) for one in chain(error)}
        if codes & FULL:
            raise StoreError(f"{where}: no space is left on the device. Make room there; {GOES_ON}") from error
        if codes & SHUT:
            raise StoreError(f"{where}: the file system is read-only. Mount it to be written; {GOES_ON}") from error
        if ours and codes & DENIED:
            raise StoreError(f"{where} cannot be written: {error}. Put it right; {GOES_ON}") from error
        raise


def demand_writable(store: Store) -> None:
    """Whether a dataset can be written, as far as that can be known before any work; nothing is left there.

    Raises:
        ConfigError: it cannot; says why.
        StoreError: the store cannot be reached.
    """
    if store.is_local:
        _demand_local(Path(store.root))
        return
    key = f".writable-{uuid.uuid4().hex}"
    try:
        store.write(key, b"")
        store.remove(key)
    except StoreError as error:
        if error.__cause__ is None or is_transient(error.__cause__):
            raise
        raise ConfigError([f"out={masked(store.url)}: {error}"]) from error


def _demand_local(root: Path) -> None:
    there = next(folder for folder in (root, *root.parents) if os.path.lexists(folder))
    if not there.is_dir():
        what = "a link to nothing" if there.is_symlink() and not there.exists() else "a file"
        raise ConfigError([f"out={root}: {there} is {what}; name a folder, which is made if it is not there"])
    if not os.access(there, os.W_OK | os.X_OK):
        is_shut = bool(os.statvfs(there).f_flag & os.ST_RDONLY) if hasattr(os, "statvfs") else False
        why = "is on a read-only file system" if is_shut else "is not yours to write in"
        raise ConfigError([f"out={root}: {there} {why}; name another folder, or mend that"])
    if hasattr(os, "statvfs"):
        disk = os.statvfs(there)
        if (left := disk.f_bavail * disk.f_frsize) < LEAST:
            raise ConfigError([f"out={root}: {left} bytes are left on that disk; make room, or name another folder"])
