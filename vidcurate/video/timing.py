"""When the frames of one clip are shown: on the source's clock, on the file's clock, and counted in audio samples."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import DecodeError
from vidcurate.records import Clip

MIN_CLOCK = 10_000
"""Ticks per second that FFmpeg's MP4 writer wants at least; like it, we double a slower clock until it is as fast."""

MAX_CLOCK = 240_000
"""Ticks per second; a faster clock of a source becomes `COARSE_CLOCK`, for MP4 keeps lengths in 32 bits."""

COARSE_CLOCK = 90_000
"""Ticks per second, as in MPEG transport streams: a timestamp moves by less than 6 microseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """The borders between the frames of one clip.

    Attributes:
        ticks: int64 [n + 1], timestamps of its n frames, and its end, in ticks of `time_base`.
        time_base: seconds per tick of the source.
    """

    ticks: NDArray[np.int64]
    time_base: Fraction

    @classmethod
    def of(cls, clip: Clip, ticks: NDArray[np.int64]) -> Timing:
        """Pick a clip's frames out of those of its video, int64 [m].

        Raises:
            DecodeError: none lies in its span.
        """
        span = clip.span
        inside = ticks[np.searchsorted(ticks, span.start) : np.searchsorted(ticks, span.end)]
        if not inside.size:
            raise DecodeError(f"clip {clip.id}: the video has no frame between {span.start_s} s and {span.end_s} s")
        return cls(np.append(inside, span.end), span.time_base)

    @property
    def num_frames(self) -> int:
        """How many frames the clip has, 1 or more."""
        return self.ticks.size - 1

    @property
    def times(self) -> NDArray[np.float64]:
        """Float64 [n], seconds from the first frame to each."""
        return np.asarray((self.ticks[:-1] - self.ticks[0]) * float(self.time_base), np.float64)

    @property
    def fps(self) -> Fraction:
        """Frames per second, the average."""
        return self.num_frames / (int(self.ticks[-1] - self.ticks[0]) * self.time_base)

    @property
    def clock(self) -> int:
        """Ticks per second of the clip's file: the source's own wherever MP4 can keep it."""
        clock = self.time_base.denominator
        while clock < MIN_CLOCK:
            clock *= 2
        return clock if clock <= MAX_CLOCK else COARSE_CLOCK

    @property
    def stamps(self) -> NDArray[np.int64]:
        """Int64 [n + 1], the borders in ticks of `clock`, from 0, strictly rising."""
        ratio = self.time_base * self.clock
        rounded = ((self.ticks - self.ticks[0]) * (2 * ratio.numerator) + ratio.denominator) // (2 * ratio.denominator)
        steps = np.arange(rounded.size)
        return np.asarray(np.maximum.accumulate(rounded - steps) + steps, np.int64)

    def samples(self, rate: int) -> NDArray[np.int64]:
        """Int64 [n + 1], for every border the first audio sample at or after it, counted from the clock's zero."""
        ratio = self.time_base * rate
        return np.asarray(-(-self.ticks * ratio.numerator // ratio.denominator), np.int64)
