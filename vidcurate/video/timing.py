"""When the frames of one clip are shown: on the source's clock, on the file's clock, and counted in audio samples."""

from __future__ import annotations

from fractions import Fraction

MIN_CLOCK = 10_000
"""Ticks per second that FFmpeg's MP4 writer wants at least; like it, we double a slower clock until it is as fast."""

MAX_CLOCK = 240_000
"""Ticks per second; a faster clock of a source becomes `COARSE_CLOCK`, for MP4 keeps lengths in 32 bits."""

COARSE_CLOCK = 90_000
"""Ticks per second, as in MPEG transport streams: a timestamp moves by less than 6 microseconds."""


class Timing:
    """The clock of one clip's file, which begins at 0 with its first frame.

    Attributes:
        clock: ticks per second of the file: the source's own wherever MP4 can keep it.

    Args:
        start: timestamp of the first frame, in ticks of the source.
        time_base: seconds per tick of the source.
    """

    def __init__(self, start: int, time_base: Fraction) -> None:
        clock = time_base.denominator
        while clock < MIN_CLOCK:
            clock *= 2
        self.clock = clock if clock <= MAX_CLOCK else COARSE_CLOCK
        self._start, self._time_base = start, time_base
        self._last = -1

    def stamp(self, tick: Fraction | int) -> int:
        """The timestamp in the file of a frame, or of the end; asked for once each and in order, strictly rising."""
        ratio = self._time_base * self.clock
        rounded = int(((tick - self._start) * (2 * ratio.numerator) + ratio.denominator) // (2 * ratio.denominator))
        self._last = max(rounded, self._last + 1)
        return self._last

    def sample(self, tick: Fraction | int, rate: int) -> int:
        """The first audio sample at or after a tick, counted from the zero of the source's clock."""
        ratio = self._time_base * rate
        return int(-(-tick * ratio.numerator // ratio.denominator))
