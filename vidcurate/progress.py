"""How far a long loop has come, and how fast: a bar on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from vidcurate.events import Event, listening

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
    pace = _Pace()
    with Progress(*columns, TextColumn("{task.fields[pace]}"), console=Console(stderr=True)) as bar, pace.listening():
        task = bar.add_task(label, total=total, pace="")
        for item in items:
            yield item
            pace.count += 1
            bar.update(task, advance=1, pace=str(pace))
        bar.update(task, pace=str(pace))


def _lines(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    said, pace = time.monotonic(), _Pace()
    with pace.listening():
        for item in items:
            yield item
            pace.count += 1
            if time.monotonic() - said > EVERY:
                said = time.monotonic()
                log.info("%s: %d of %d, %s", label, pace.count, total, pace)


class _Pace:
    """How many items have passed, how fast, and how many workers have in hand."""

    def __init__(self) -> None:
        self.count, self._under_way, self._began = 0, 0, time.monotonic()

    def __str__(self) -> str:
        minutes = max(time.monotonic() - self._began, 1e-3) / 60
        under_way = f", {self._under_way} under way" if self._under_way else ""
        return f"{self.count / minutes:.3g} a minute{under_way}"

    def listening(self) -> AbstractContextManager[None]:
        return listening(self._hear)

    def _hear(self, event: Event) -> None:
        if event["event"] == "queue":
            self._under_way = event["under_way"]
