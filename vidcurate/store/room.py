"""Room in the scratch folder: all processes of a machine together reserve no more of it than the limit.

Who reserves writes a line into a ledger, under a lock, and waits while there is no room; lines of dead processes count
for nothing. Whoever waits holds nothing, so nobody waits for long.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidcurate.errors import NotAtHand
from vidcurate.store.alive import started
from vidcurate.store.options import current
from vidcurate.store.scratch import scratch
from vidcurate.store.trouble import told

log = logging.getLogger(__name__)

PAUSE = 0.2
"""Seconds between two looks for room, about."""

Line = tuple[int, int, int, str]
"""Of the ledger: process, when it was started, bytes, and a name of its own."""


@contextmanager
def reserved(size: int, what: str, *, more: int = 0) -> Iterator[None]:
    """Room for as long as a block lasts; it is waited for. Not to be nested: two might wait for each other's.

    Args:
        size: bytes that are needed.
        what: they are for, for messages.
        more: bytes that may be needed beside, taken as far as the limit allows.

    Raises:
        NotAtHand: it is more than all the room there is.
    """
    limit = current().scratch_limit
    if limit is None or size + more <= 0:
        yield
        return
    if size > limit:
        raise NotAtHand(
            f"{what}: {size} bytes have to lie in scratch, and storage.scratch_limit is {limit} bytes: raise it"
        )
    base, name = scratch(), uuid.uuid4().hex
    line = os.getpid(), started(os.getpid()), min(size + more, limit), name
    waits = False
    while not _enter(base, line, limit):
        if not waits:
            log.info("%s: %d bytes wait for room in %s, of which all may take %d", what, line[2], base, limit)
        waits = True
        time.sleep(PAUSE * random.uniform(0.5, 1.5))
    try:
        yield
    finally:
        with _ledger(base) as lines:
            lines[:] = [other for other in lines if other[3] != name]


def _enter(base: Path, line: Line, limit: int) -> bool:
    with _ledger(base) as lines:
        lines[:] = [other for other in lines if started(other[0]) == other[1]]
        fits = sum(other[2] for other in lines) + line[2] <= limit
        if fits:
            lines.append(line)
    return fits


@contextmanager
def _ledger(base: Path) -> Iterator[list[Line]]:
    """The lines, nobody else's until the block ends; then as the block leaves them."""
    import fcntl  # not on Windows, which can have no limit

    with told(base, ours=True), Path(base, f".room-{socket.gethostname()}").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        found = [line.split() for line in file]
        lines = [(int(one[0]), int(one[1]), int(one[2]), one[3]) for one in found if len(one) == 4]
        before = list(lines)
        yield lines
        if lines != before:
            file.truncate(0)
            file.write("".join(f"{pid} {since} {size} {name}\n" for pid, since, size, name in lines))
            file.flush()
