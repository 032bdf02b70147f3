"""Long videos are shared: parts of one are cut by several workers, and joined as if one had cut it all.

A part owns the shots that begin in it. Its worker decodes from a key frame well before its first frame, so that the
splitter has seen enough when it matters, to the end of its last shot, which may lie in a later part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from vidcurate.records import Shot, Video, VideoInfo
from vidcurate.splitter.base import Splitter
from vidcurate.video.index import Since, index


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A stretch of a long video.

    Attributes:
        video: which one.
        number: of the part, from 0.
        parts: how many there are of the video.
        first: index of its first frame.
        last: index of the first frame of the next part.
        since: where decoding begins.
    """

    video: Video
    number: int
    parts: int
    first: int
    last: int
    since: Since

    def own(self, shots: Iterable[Shot]) -> Iterator[Shot]:
        """Shots that begin in the part, counted from the first frame of the video.

        Args:
            shots: as a splitter tells them that is shown the frames from `since` on.
        """
        for shot in shots:
            start = self.since.index + shot.start
            if start >= self.last:
                return
            if start >= self.first:
                yield replace(shot, start=start, end=self.since.index + shot.end)


def parts_of(video: Video, path: str, info: VideoInfo, splitter: Splitter, length: float) -> tuple[Part, ...]:
    """Parts of about equal length.

    Args:
        video: which one.
        path: its local file.
        info: what `probe` said about it.
        splitter: says how far it must look back.
        length: seconds that a part may last.

    Returns:
        none where the video is short, the splitter has to see it whole, or its packets do not tell its frames.
    """
    count = math.ceil(info.duration / length)
    reach = splitter.reach if splitter.on_short == "drop" else None
    listed = index(path) if count > 1 and reach is not None else None
    if listed is None or reach is None:
        return ()
    borders = np.linspace(0, listed.ticks.size, count + 1).astype(np.int64).tolist()
    return tuple(
        Part(
            video=video,
            number=number,
            parts=count,
            first=borders[number],
            last=borders[number + 1],
            since=listed.since(max(0, borders[number] // reach - 1) * reach),
        )
        for number in range(count)
    )
