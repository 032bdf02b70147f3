"""A constant frame rate: frames are repeated or left out, each stays as near to its time as the rate allows."""

from __future__ import annotations

import math
from fractions import Fraction

import av

Tick = Fraction | int
"""Time in ticks of the video's time base."""

Timed = tuple[Tick, av.VideoFrame]
"""When a frame is shown, and the frame."""


class Pace:
    """Puts the frames of one clip on a grid. A frame may come out when the next one goes in.

    Args:
        rate: frames per second; None lets all pass as they are.
        start: tick of the first frame.
        time_base: seconds per tick.
    """

    def __init__(self, rate: Fraction | None, start: int, time_base: Fraction) -> None:
        self._rate, self._start, self._time_base = rate, start, time_base
        self._slot = 0
        self._frame: av.VideoFrame | None = None

    def push(self, tick: Tick, frame: av.VideoFrame) -> list[Timed]:
        """Put a frame in; take out those whose place is certain."""
        if self._rate is None:
            return [(tick, frame)]
        slot = self._nearest(tick)
        ready = self._until(slot)
        self._slot, self._frame = slot, frame
        return ready

    def flush(self, end: int) -> list[Timed]:
        """Take out what is left of a clip that ends at a tick."""
        return self._until(max(1, self._nearest(end)))

    def _nearest(self, tick: Tick) -> int:
        return math.floor((tick - self._start) * self._time_base * (self._rate or 0) + Fraction(1, 2))

    def _until(self, slot: int) -> list[Timed]:
        if self._frame is None or self._rate is None:
            return []
        step = 1 / (self._rate * self._time_base)
        return [(self._start + place * step, self._frame) for place in range(self._slot, slot)]
