"""The journal of a run: every event as a line of JSON, in `logs/` of the dataset. A full disk costs lines, no results.

Lines are gathered and written by a thread: appended to a file on a disk, put as objects of bounded size elsewhere.
Nothing is written while there is no dataset, and a run that is refused leaves no journal.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from vidcurate.again import again
from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.events import Event, listening
from vidcurate.store import permit
from vidcurate.store.files import Store
from vidcurate.store.lease import FOLDER as LEASE
from vidcurate.store.mask import masked_values

log = logging.getLogger(__name__)

FOLDER = "logs"
SUFFIX = ".jsonl"
EVERY, EVERY_REMOTE = 1.0, 60.0
"""Seconds between two writes to a disk, and to an object store."""
PART = 2**23
"""Bytes from which on an object store gets a new object, so that little is sent again."""
MOST = 8 * PART
"""Bytes that are kept while they cannot be written."""
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@contextmanager
def journal(store: Store, run: str) -> Iterator[Callable[[], None]]:
    """Write down every event of the block.

    Args:
        store: the dataset.
        run: tells this run from all others.

    Yields:
        a function that writes down now what has been heard so far.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    writer = _Writer(store, f"{FOLDER}/{moment}-{run[:8]}")
    try:
        with again(EVERY if store.is_local else EVERY_REMOTE, writer.write), listening(writer.hear):
            yield writer.write
    except (ConfigError, MissingInput):
        writer.drop()
        raise


def journals(store: Store) -> list[tuple[str, ...]]:
    """Keys of the journal of every run, the newest run first."""
    runs: dict[str, list[str]] = {}
    for key in store.keys(FOLDER, SUFFIX):
        runs.setdefault(PurePosixPath(key).name.partition(".")[0], []).append(key)
    return [tuple(keys) for _, keys in sorted(runs.items(), reverse=True)]


def read_journal(store: Store, keys: Collection[str]) -> Iterator[Event]:
    """Events in the order in which they came; a line that a killed run has not ended is passed over."""
    for key in keys:
        for line in store.read(key).splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "event" in event:
                yield event


def is_log(key: str) -> bool:
    """Whether a key of a dataset tells of runs, so that it differs from run to run."""
    return key.startswith(f"{FOLDER}/")


def forget(store: Store, names: Collection[str]) -> None:
    """Remove every line that names one of these ids."""
    gone = frozenset(names)
    for key in store.keys(FOLDER, SUFFIX):
        lines = store.read(key).decode(errors="replace").splitlines(keepends=True)
        left = [line for line in lines if gone.isdisjoint(ID.findall(line))]
        if len(left) < len(lines):
            store.write(key, "".join(left).encode())


class _Writer:
    """Gathers lines and writes them."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self._lines: list[str] = []
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._unwritten = bytearray()
        self._size, self._part = 0, 1
        self._has_begun = self._has_failed = self._has_work = False

    @property
    def key(self) -> str:
        return f"{self._name}{SUFFIX}" if self._part == 1 else f"{self._name}.part{self._part:04d}{SUFFIX}"

    def hear(self, event: Event) -> None:
        line = _encoded(event)
        with self._lock:
            self._lines.append(line)
            self._has_work |= event["event"] == "item"

    def write(self) -> None:
        with self._writing:
            self._write()

    def _write(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
        try:
            self._unwritten += "".join(lines).encode()
            self._has_begun = self._has_begun or _is_there(self._store)
            if self._has_begun and self._store.is_local:
                self._append()
            elif self._has_begun and lines:
                self._put()
        except (OSError, VidcurateError) as error:
            if not self._has_failed:
                log.warning("%s: the journal of this run cannot be written: %s", self._store.path(self.key), error)
            self._has_failed = True
            if len(self._unwritten) > MOST:
                self._unwritten.clear()

    def drop(self) -> None:
        """Remove what has been written, unless workers have done anything."""
        if self._has_begun and not self._has_work:
            self._store.remove(self.key)
            with suppress(OSError):  # there are other journals; or it is no folder
                Path(self._store.path(FOLDER)).rmdir()

    def _append(self) -> None:
        if not self._unwritten:
            return
        permit.demand(self._store.url)
        path = Path(self._store.path(self.key))
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            if file.tell() > self._size:  # a full disk has taken half of what comes now
                file.truncate(self._size)
            file.write(self._unwritten)
        self._size += len(self._unwritten)
        self._unwritten.clear()

    def _put(self) -> None:
        """Put all of the part; the next one is new once it is long."""
        self._store.write(self.key, bytes(self._unwritten))
        if len(self._unwritten) > PART:
            self._part += 1
            self._unwritten.clear()


def _encoded(event: Event) -> str:
    line = json.dumps(_rounded(event), ensure_ascii=False, separators=(",", ":"))
    return (json.dumps(masked_values(event), ensure_ascii=False) if "://" in line else line) + "\n"


def _rounded(value: Any) -> Any:
    """Without digits that no clock has: microseconds."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return value


def _is_there(store: Store) -> bool:
    """Whether the dataset holds anything but the lease of a run."""
    try:
        names = (PurePosixPath(name).name for name in store.fs.ls(store.root, detail=False))
        return any(name != LEASE and not name.startswith(".") for name in names)
    except FileNotFoundError:
        return False
