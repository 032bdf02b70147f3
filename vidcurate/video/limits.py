"""What a video may ask of this machine: one that declares more is refused undecoded, one that lies as soon as it shows.

A few kilobytes can declare a picture of gigabytes, or years of frames. FFmpeg allocates no picture beyond the limit.
"""

from __future__ import annotations

from fractions import Fraction

import av

from vidcurate.errors import OverLimit
from vidcurate.records import Limits, VideoInfo
from vidcurate.video.within import Within

DEPTH = 3
"""Bytes of a decoded pixel, as RGB."""


def demand_within(path: str | Within, info: VideoInfo, limits: Limits) -> None:
    """Refuse what a container declares.

    Raises:
        OverLimit: a picture, the duration or all frames together are more than is allowed.
    """
    _demand(path, info.width, info.height, limits)
    _demand_seconds(path, info.duration, limits, "declares")
    _demand_bytes(path, info.num_frames * info.width * info.height * DEPTH, limits, "declares")


class Meter:
    """Adds up what a video has been decoded to.

    Args:
        path: of the video, for messages.
        limits: what it may come to.
        time_base: seconds per tick.
    """

    def __init__(self, path: str | Within, limits: Limits, time_base: Fraction) -> None:
        self._path, self._limits, self._time_base, self._bytes = path, limits, time_base, 0

    def add(self, frame: av.VideoFrame, ticks: int) -> None:
        """Count a frame.

        Args:
            frame: of the video.
            ticks: from the start of the first frame to the end of this one.

        Raises:
            OverLimit: it is too much.
        """
        self._bytes += frame.width * frame.height * DEPTH
        _demand(self._path, frame.width, frame.height, self._limits)
        _demand_seconds(self._path, float(ticks * self._time_base), self._limits, "lasts")
        _demand_bytes(self._path, self._bytes, self._limits, "comes to")


def _demand(path: str | Within, width: int, height: int, limits: Limits) -> None:
    if limits.max_pixels is not None and width * height > limits.max_pixels:
        raise OverLimit(
            f"{path}: a picture of {width} x {height} pixels; source.max_pixels is {limits.max_pixels}: raise it, or "
            "take the video out of the source"
        )


def _demand_seconds(path: str | Within, seconds: float, limits: Limits, word: str) -> None:
    if limits.max_duration is not None and seconds > limits.max_duration:
        raise OverLimit(
            f"{path}: {word} {seconds:.0f} s; source.max_duration is {limits.max_duration:.0f} s: raise it, or take "
            "the video out of the source"
        )


def _demand_bytes(path: str | Within, size: int, limits: Limits, word: str) -> None:
    if limits.max_decoded_bytes is not None and size > limits.max_decoded_bytes:
        raise OverLimit(
            f"{path}: {word} {size} bytes of frames; source.max_decoded_bytes is {limits.max_decoded_bytes}: raise it, "
            "or take the video out of the source"
        )
