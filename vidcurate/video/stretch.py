"""A few seconds out of the middle of a video, at a size and a rate, without decoding what lies before."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import DecodeError
from vidcurate.records import VideoInfo
from vidcurate.video.container import frames, opened, picture
from vidcurate.video.sample import Resize

TOLERANCE = 1e-6
"""Seconds; beats are floats, and a frame at 0.3 s is that of the third beat of a tenth."""


def stretch(
    path: str, info: VideoInfo, begin: float, count: int, *, fps: int, size: tuple[int, int]
) -> list[NDArray[np.uint8]]:
    """Frames of a video as they are shown at the beats of a clock; fewer where the video ends before.

    Args:
        path: a local file.
        info: what `probe` said about it.
        begin: seconds from its first frame to the first beat.
        count: beats.
        fps: beats a second.
        size: width and height of the pictures.

    Raises:
        UnreadableVideo: it cannot be opened.
        DecodeError: it has no frame there.
    """
    resize, shown, held = Resize(info, *size), list[NDArray[np.uint8]](), None
    with opened(path) as container:
        stream = picture(container)
        if stream is None:
            raise DecodeError(f"{path}: no video stream")
        first = (stream.start_time or 0) * info.time_base
        start = first + begin
        if begin > 0:
            container.seek(int(start / info.time_base), stream=stream)
        for frame in frames(container, stream):
            if not isinstance(frame, av.VideoFrame) or frame.pts is None:
                continue
            now = frame.pts * info.time_base
            while held is not None and len(shown) < count and start + len(shown) / fps < now - TOLERANCE:
                shown.append(held)
            if len(shown) == count:
                break
            # Only what will be shown is made small: the last frame before a beat, and those after it.
            nearly = now + 1 / max(info.fps, 1.0) >= start + len(shown) / fps - TOLERANCE
            held = resize(frame) if nearly or held is None else held
        if held is not None and len(shown) < count:
            shown.append(held)
    if not shown:
        raise DecodeError(f"{path}: no frame can be decoded at {begin:.2f} s")
    return shown
