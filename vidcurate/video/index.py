"""What is known of a video's frames from its packets alone, at a fifteenth of the cost of decoding them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.video.container import opened, picture


@dataclass(frozen=True, slots=True, eq=False)
class Since:
    """A frame amid a video at which decoding may begin.

    Attributes:
        index: of the first frame that is wanted.
        key: timestamp of a key frame at or before it.
        ticks: int64 [n], timestamps of all frames of the video.
    """

    index: int
    key: int
    ticks: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Frames of a healthy video.

    Attributes:
        ticks: int64 [n], timestamps of all frames, strictly rising.
        keys: int64 [k], timestamps of key frames, rising.
    """

    ticks: NDArray[np.int64]
    keys: NDArray[np.int64]

    def since(self, index: int) -> Since:
        """How to begin with a frame."""
        place = np.searchsorted(self.keys, self.ticks[index], side="right") - 1
        return Since(index, int(self.keys[max(0, place)]), self.ticks)


def index(path: str) -> Index | None:
    """List the frames of a video without decoding them.

    Returns:
        None if its packets do not say when each is shown: timestamps that are missing or occur twice, frames that are
        hidden or damaged, a stream that does not begin with a key frame.

    Raises:
        UnreadableVideo: there is no file, or no container that FFmpeg knows.
    """
    ticks: list[int] = []
    keys: list[int] = []
    with opened(path) as container:
        stream = picture(container)
        for packet in container.demux(stream) if stream is not None else ():
            if not packet.size:
                continue
            if packet.pts is None or packet.is_corrupt or packet.is_discard or not (keys or packet.is_keyframe):
                return None
            ticks.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
    shown = np.sort(np.array(ticks, np.int64))
    if not shown.size or shown[0] != keys[0] or not (np.diff(shown) > 0).all():
        return None
    return Index(shown, np.sort(np.array(keys, np.int64)))
