"""Strictly rising timestamps out of whatever decoders report; the one place where timestamps are repaired."""

from __future__ import annotations

from fractions import Fraction


class Clock:
    """Places frames, given in presentation order, on the ticks of their stream.

    A presentation timestamp is used as it is. Where these step back more often than decoding timestamps, as in AVI,
    which stores none, the latter stand in. A missing one follows its predecessor after the usual step. One that steps
    back by more than a second begins another recording, whose clock is shifted to go on; by less, it is noise and
    moved to just after its predecessor.

    Attributes:
        repaired: timestamps so far that were missing or did not rise.
        end: tick at which the last frame ends.

    Args:
        time_base: seconds per tick.
        fps: frames per second; 0.0 where unknown.
    """

    def __init__(self, time_base: Fraction, fps: float) -> None:
        self.repaired = self.end = 0
        self._second = int(1 / time_base)
        self._step = max(1, round(1 / (fps * time_base))) if fps else 1
        self._shift = 0
        self._last: int | None = None
        self._previous: dict[str, int] = {}
        self._steps_back = {"pts": 0, "dts": 0}

    def place(self, pts: int | None, dts: int | None, duration: int) -> int:
        """The tick at which the next frame is shown.

        Args:
            pts: its presentation timestamp, if it has one.
            dts: the decoding timestamp of the packet that brought it out, likewise.
            duration: its length as the container gives it; 0 where unknown.
        """
        reported, last = self._trusted(pts, dts), self._last
        ticks = None if reported is None else reported + self._shift
        if last is None:
            ticks = ticks or 0
        elif ticks is None or last - ticks > self._second:
            self._shift += 0 if ticks is None else last + self._step - ticks
            ticks = last + self._step
            self.repaired += 1
        elif ticks <= last:
            ticks = last + 1
            self.repaired += 1
        else:
            self._step = ticks - last
        # Containers with coarse clocks give 1 tick or none where frames stand far apart.
        self.end = ticks + (duration if 2 * duration >= self._step else self._step)
        self._last = ticks
        return ticks

    def _trusted(self, pts: int | None, dts: int | None) -> int | None:
        for name, value in (("pts", pts), ("dts", dts)):
            if value is not None:
                self._steps_back[name] += value <= self._previous.get(name, value - 1)
                self._previous[name] = value
        doubtful = self._steps_back["pts"] > self._steps_back["dts"]
        return dts if pts is None or (doubtful and dts is not None) else pts
