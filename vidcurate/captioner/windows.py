"""Long clips are captioned in windows: how they are laid, and what a window shows."""

from __future__ import annotations

import numpy as np

from vidcurate.captioner.base import Captioner
from vidcurate.records import Frames
from vidcurate.registry import Count, settings

MIN_FRAMES = 4
"""Shorter clips have no window."""


def windows(num_frames: int, window: int, remainder: int) -> list[range]:
    """Windows of a clip, end to end, as NeMo Curator lays them.

    >>> windows(600, 256, 128)
    [range(0, 256), range(256, 600)]

    Args:
        num_frames: frames of the clip.
        window: frames of a window.
        remainder: frames that the rest must have to be a window of its own; a shorter one joins the last window.
    """
    if num_frames < MIN_FRAMES:
        return []
    starts = list(range(0, num_frames, window))
    if len(starts) > 1 and 0 < num_frames % window < remainder:
        starts.pop()
    return [range(start, end) for start, end in zip(starts, [*starts[1:], num_frames], strict=True)]


def thinned(frames: Frames, limit: int) -> Frames:
    """At most `limit` of the frames, evenly spread, the first and the last among them if there are two."""
    count = len(frames.indices)
    if count <= limit:
        return frames
    kept = np.linspace(0, count - 1, limit).round().astype(np.int64)
    return Frames(images=frames.images[kept], times=frames.times[kept], indices=frames.indices[kept])


@settings
class WindowedCaptioner(Captioner):
    """A captioner that sees long clips in parts.

    Attributes:
        window_frames: frames of a window.
        remainder_frames: frames that the rest must have to be a window of its own.
    """

    window_frames: Count = 256
    remainder_frames: Count = 128

    def windows(self, num_frames: int) -> list[range]:
        """Windows of `window_frames`; none for a clip of fewer than `MIN_FRAMES`."""
        return windows(num_frames, self.window_frames, self.remainder_frames)
