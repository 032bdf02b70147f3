"""What people see of a run: short lines of the log, which do not tear the bar, and no more of both than they want."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

NOTICE = 25
"""Level of the line by which a run ends, between INFO and WARNING: all that --quiet leaves of a run without trouble."""

logging.addLevelName(NOTICE, "NOTICE")


class Line(logging.Formatter):
    """A line as a person reads it: the time, a word where something is wrong, the message.

    Args:
        dated: whether the day is of interest, as in a file that is read later.
    """

    def __init__(self, *, dated: bool) -> None:
        super().__init__("%(asctime)s %(said)s%(message)s", "%Y-%m-%d %H:%M:%S" if dated else "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without what follows it, such as a traceback."""
        wrong, debug = record.levelno >= logging.WARNING, record.levelno < logging.INFO
        record.said = f"{record.levelname}: " if wrong else f"{record.name}: " if debug else ""
        return super().formatMessage(record)


def put_on() -> None:
    """Let the handlers of the log that people watch write such lines; files keep their format."""
    for handler in _screens():
        handler.setFormatter(Line(dated=not _is_terminal(handler.stream)))


def is_quiet() -> bool:
    """Whether nobody wants to see how a run goes on."""
    levels = [handler.level for handler in _screens()]
    return bool(levels) and min(levels) > logging.INFO


@contextmanager
def above(console: Console) -> Iterator[None]:
    """Let the log write above what a console shows and moves, wherever both would write to a terminal."""
    from rich.file_proxy import FileProxy

    moved = [(handler, handler.stream) for handler in _screens() if _is_terminal(handler.stream)]
    for handler, stream in moved:
        handler.setStream(FileProxy(console, stream))
    try:
        yield
    finally:
        for handler, stream in moved:
            handler.setStream(stream)


def _screens() -> list[logging.StreamHandler[Any]]:
    return [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]


def _is_terminal(stream: Any) -> bool:
    return bool(getattr(stream, "isatty", bool)())
