"""How fast the places are that are written to: one short file there and back, then gone."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from vidcurate.errors import VidcurateError
from vidcurate.stage.doctor.finding import Case, told
from vidcurate.stage.findings import Finding, note, ok
from vidcurate.store.files import Store
from vidcurate.store.mask import masked
from vidcurate.store.scratch import scratch, staged

CHUNK = 2**22
"""Bytes that are written at a time, and reach the disk before the next."""
SECONDS = 0.4
"""For each direction; a chunk that is under way is ended."""
MOST = 2**28
"""Bytes that are written at most."""
OBJECT = 2**21
"""Bytes of the object that a remote store is asked to take and give back."""
SLOW = 20e6
"""Bytes per second below which a disk holds workers up."""


def disk(case: Case) -> Iterator[Finding]:
    """`out`, then the scratch folder, unless they cannot be written; then `places` and `limits` have said so."""
    try:
        store = Store(case.out)
        yield _local("out", there(Path(store.root))) if store.is_local else _remote(store)
    except (VidcurateError, OSError) as error:
        yield note("out", f"its speed is not known: {masked(told(error))}", "see places/out")
    try:
        yield _local("scratch", scratch())
    except (VidcurateError, OSError) as error:
        yield note("scratch", f"its speed is not known: {told(error)}", "see limits/scratch")


def there(folder: Path) -> Path:
    """A folder, or the nearest above it that exists."""
    return next(one for one in (folder, *folder.parents) if one.is_dir())


def _local(name: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    with staged(folder) as inner:
        file = inner / "speed"
        written, read = _write(file), _read(file)
    return _judged(name, f"{folder}, {free / 2**30:.1f} GiB free", written, read)


def _judged(name: str, where: str, written: float, read: float) -> Finding:
    said = f"{where}: writes {written / 1e6:.0f} MB/s, reads {read / 1e6:.0f} MB/s"
    if min(written, read) < SLOW:
        return note(name, said, "a faster disk, or fewer workers: they would wait for it")
    return ok(name, said)


def _write(file: Path) -> float:
    """Bytes per second that reach the disk."""
    chunk, size, began = os.urandom(CHUNK), 0, time.perf_counter()
    with file.open("wb", buffering=0) as raw:
        while size < MOST and time.perf_counter() - began < SECONDS:
            raw.write(chunk)
            os.fsync(raw.fileno())
            size += CHUNK
    return size / max(time.perf_counter() - began, 1e-9)


def _read(file: Path) -> float:
    """Bytes per second that come back from the disk, where the system can be told to forget them first."""
    with file.open("rb", buffering=0) as raw:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(raw.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        size, began = 0, time.perf_counter()
        while time.perf_counter() - began < SECONDS and (block := raw.read(CHUNK)):
            size += len(block)
    return size / max(time.perf_counter() - began, 1e-9)


def _remote(store: Store) -> Finding:
    key, content = f".speed-{uuid.uuid4().hex}", os.urandom(OBJECT)
    began = time.perf_counter()
    store.write(key, content)
    between = time.perf_counter()
    try:
        store.read(key)
        ended = time.perf_counter()
    finally:
        store.remove(key)
    written, read = OBJECT / (between - began), OBJECT / (ended - between)
    return ok(
        "out",
        f"{masked(store.url)}, one object of {OBJECT / 2**20:.0f} MiB: {written / 1e6:.1f} MB/s there, "
        f"{read / 1e6:.1f} MB/s back; many at a time are faster",
    )
