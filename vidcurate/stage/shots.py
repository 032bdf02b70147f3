"""From a video to the clips that it will be cut into: one pass of small frames past the shot detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.records import Clip, VideoInfo
from vidcurate.registry import loaded
from vidcurate.splitter.base import Splitter
from vidcurate.splitter.spans import spans
from vidcurate.video.sample import Thumbnails


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What the first pass over a video found.

    Attributes:
        clips: to be cut, rising and disjoint.
        ticks: int64 [n], timestamps of all frames in ticks of the video's time base, rising.
        duration: seconds from the first frame to the end of the last.
        warnings: what is amiss with the stream, one sentence each.
    """

    clips: tuple[Clip, ...]
    ticks: NDArray[np.int64]
    duration: float
    warnings: tuple[str, ...]


def find_clips(video_id: str, path: str, info: VideoInfo, splitter: Splitter, device: str) -> Found:
    """Find shots and lay out the clips.

    Args:
        video_id: names the clips.
        path: the video's local file.
        info: what `probe` said about it.
        splitter: finds the shots and sets the lengths.
        device: where its model runs.

    Raises:
        DecodeError: not one frame can be decoded.
    """
    thumbnails = Thumbnails(path, info, splitter.thumbnail)
    shots = loaded(splitter, device)(thumbnails)
    ticks, decoding = thumbnails.ticks, thumbnails.decoding
    pieces = spans(shots, ticks, end=decoding.end, time_base=info.time_base, origin=info.origin, splitter=splitter)
    return Found(
        clips=tuple(Clip.of(video_id, span) for span in pieces.spans),
        ticks=ticks,
        duration=float((decoding.end - int(ticks[0])) * info.time_base),
        warnings=decoding.warnings,
    )
