"""How far a long loop has come: a bar on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between lines

Item = TypeVar("Item")


def progress(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    """Pass items through and show how many of `total` have passed.

    Args:
        items: whatever is waited for.
        total: how many there will be.
        label: what they are, e.g. `split: videos`.
    """
    return _bar(items, total, label) if sys.stderr.isatty() else _lines(items, total, label)


def _bar(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield from bar.track(items, total=total, description=label)


def _lines(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    said = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - said > EVERY:
            said = time.monotonic()
            log.info("%s: %d of %d", label, count, total)
