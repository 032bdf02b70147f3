"""How many items of a map wait, are under way and have ended: counted as they pass, told once a second."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from vidcurate.events import emit

EVERY = 1.0
"""Seconds between two tellings; the last is told in any case."""

Item = TypeVar("Item")


@dataclass(slots=True)
class Queue(Generic[Item]):
    """Items on their way to workers.

    Attributes:
        items: in the order in which they are handed out.
        count: how many there are; None where that is not known.
        begun: have been handed out.
        ended: have come back, whatever became of them.
    """

    items: Iterable[Item]
    count: int | None
    begun: int = 0
    ended: int = 0
    _told: float = field(default_factory=lambda: time.monotonic() - EVERY)

    def __iter__(self) -> Iterator[Item]:
        for item in self.items:
            self.begun += 1
            yield item

    def end(self) -> None:
        """Count one that has come back."""
        self.ended += 1
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            self.tell()

    def tell(self) -> None:
        """Emit `queue`, if there was anything in it."""
        if self.begun:
            todo = None if self.count is None else self.count - self.begun
            emit("queue", todo=todo, under_way=self.begun - self.ended, done=self.ended)
