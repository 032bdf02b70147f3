"""How far a long loop has come, how fast it goes now, and what became of its items so far."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from vidcurate.events import Event, listening

WINDOW = 60.0
"""Seconds whose pace counts; a forecast by all that has passed would remember a slow start for hours."""
FEW = 8
"""Items that count in any case, however long they take."""
SPACING = 0.5
"""Seconds between two looks at the clock that are remembered."""

FATES = {"processed": "kept", "filtered": "filtered", "duplicate": "duplicate", "failed": "failed"}
"""What a video is recorded as, and what that is called."""


class Pace:
    """Counts what passes.

    Args:
        total: how many there will be.
        fates: videos by what became of them before, in the words of `FATES`; None where the items are no videos.
        clock: seconds, from whenever.

    Attributes:
        count: how many have passed.
    """

    def __init__(
        self, total: int, fates: Mapping[str, int] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total, self.count = total, 0
        self._clock = clock
        self._fates = None if fates is None else Counter(fates)
        self._under_way, self._video_seconds = 0, 0.0
        self._marks = deque([(clock(), 0, 0.0)])

    def __str__(self) -> str:
        left = f"{self.left} left" if self.left else ""
        return ", ".join(filter(None, [f"{self.count} of {self.total}", *self.facts, left]))

    def step(self) -> None:
        """Count one that has passed."""
        now = self._clock()
        self.count += 1
        if len(self._marks) > 1 and now - self._marks[-2][0] < SPACING:
            self._marks.pop()
        self._marks.append((now, self.count, self._video_seconds))
        while len(self._marks) > FEW and self._marks[1][0] < now - WINDOW:
            self._marks.popleft()

    @property
    def facts(self) -> list[str]:
        """What became of those that have passed, how fast it goes, and how many are in hand."""
        seconds, count, video_seconds = self._lately()
        said = [f"{self._fates[fate]} {fate}" for fate in FATES.values() if self._fates[fate]] if self._fates else []
        said.append(_rate(count / seconds))
        if video_seconds:
            said.append(f"{video_seconds / seconds:.3g}x real time")
        if self._under_way:
            said.append(f"{self._under_way} under way")
        return said

    @property
    def left(self) -> str:
        """Time until all have passed, at the pace of late; empty while nobody can know."""
        seconds, count, _ = self._lately()
        return str(timedelta(seconds=math.ceil((self.total - self.count) * seconds / count))) if count else ""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear in the block what is under way, and what becomes of videos."""
        with listening(self._hear):
            yield

    def _lately(self) -> tuple[float, int, float]:
        """Seconds, and what has passed in them: items, and seconds of video."""
        since, count, video_seconds = self._marks[0]
        return max(self._clock() - since, 1e-3), self.count - count, self._video_seconds - video_seconds

    def _hear(self, event: Event) -> None:
        if event["event"] == "queue":
            self._under_way = event["under_way"]
        elif event["event"] == "video" and self._fates is not None:
            self._fates[FATES[event["status"]]] += 1
            self._video_seconds += event["duration"]


def _rate(a_second: float) -> str:
    return f"{60 * a_second:.3g}/min" if a_second < 10 else f"{a_second:.3g}/s"
