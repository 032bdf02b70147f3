"""What workers log travels with their answers and is logged by the run: in its file, above its bar, masked like all."""

from __future__ import annotations

import logging
import logging.handlers
import queue
from collections.abc import Iterable

_records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()


def overhear() -> None:
    """Keep from now on what this process logs, unless something else listens to its log already."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.handlers.QueueHandler(_records))


def overheard() -> list[logging.LogRecord]:
    """What has been logged since this was asked; the records pickle."""
    found = []
    while not _records.empty():
        found.append(_records.get())
    return found


def repeat(records: Iterable[logging.LogRecord]) -> None:
    """Log in this process what another has logged."""
    for record in records:
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)
