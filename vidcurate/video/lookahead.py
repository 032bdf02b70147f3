"""The one decode of a video: small frames go ahead to the shot detector, whole ones wait until their clip is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import DecodeError
from vidcurate.records import UNLIMITED, Limits, Thumbnail, VideoInfo
from vidcurate.timings import each
from vidcurate.video.ahead import ahead
from vidcurate.video.decode import Decoding
from vidcurate.video.index import Since
from vidcurate.video.sample import Resize

MAX_BYTES = 384 * 2**20
"""Decoded frames that may wait: 290 of 720p, 129 of 1080p. Where more would have to, the video is decoded a second time
instead."""


class Lookahead:
    """Frames between the decoder and whoever cuts clips of them.

    The detector draws `thumbnails`, which decodes; the cutter takes frames that have been decoded and says up to where
    it needs none. If too many would wait, none do, and a second decoder follows the first at the cutter's pace.

    Attributes:
        decoding: the pass, with its counts and its `warnings`.
        waiting_bytes: size of the frames that wait.
        borders: timestamps of the frames so far in ticks of the video's time base, and once all have been seen the tick
            at which the last one ends.

    Args:
        path: the video's local file.
        info: what `probe` said about it.
        waits: frames that will have to, as far as is known.
        max_bytes: of decoded frames that may wait.
        since: begin with a frame amid the video; those before it are counted and never seen.
        vectors: whether frames come with the codec's motion vectors.
        hardware: whether the GPU decodes, where it can.
        limits: what the video may come to.
        threaded: whether a thread of its own decodes, for whoever has a core to spare.
    """

    def __init__(
        self,
        path: str,
        info: VideoInfo,
        waits: int = 1,
        max_bytes: int = MAX_BYTES,
        since: Since | None = None,
        *,
        vectors: bool = False,
        hardware: bool = False,
        limits: Limits = UNLIMITED,
        threaded: bool = False,
    ) -> None:
        self._kind: dict[str, Any] = {"vectors": vectors, "hardware": hardware, "limits": limits}
        self.decoding, self._threaded = Decoding(path, info, since, **self._kind), threaded
        self.borders: list[int] = [] if since is None else since.ticks[: since.index].tolist()
        self._path, self._info, self._since = path, info, since
        self._waits, self._max_bytes = min(waits, info.num_frames or waits), max_bytes
        self._waiting: deque[av.VideoFrame] = deque()
        self.waiting_bytes = 0
        self._next = len(self.borders)  # index of the first frame that waits
        self._second: Iterator[tuple[int, av.VideoFrame]] | None = None

    def thumbnails(self, size: tuple[int, int] | None) -> Iterator[Thumbnail]:
        """Decode the video.

        Args:
            size: (width, height) of the images; None gives empty ones, uint8 [0, 0, 3].

        Raises:
            DecodeError: not one frame can be decoded.
        """
        views = _Views(self._info)
        nothing = np.empty((0, 0, 3), np.uint8)
        for ticks, frame in each("decode", ahead(self.decoding) if self._threaded else self.decoding):
            self.borders.append(ticks)
            self._keep(frame)
            views.frame = frame
            time = float((ticks - self.borders[0]) * self._info.time_base)
            yield Thumbnail(time, views(*size) if size else nothing, views)
        self.borders.append(self.decoding.end)

    def forget(self, index: int) -> None:
        """Let go of frames before an index; none of them will be taken."""
        while self._waiting and self._next < index:
            self.waiting_bytes -= _bytes(self._waiting.popleft())
            self._next += 1

    def take(self, start: int, end: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Timestamps and frames between two indices, half-open; each at most once and in order.

        Raises:
            DecodeError: the second decoder does not see what the first has seen.
        """
        self.forget(start)
        for index in range(start, end):
            if self._second is None:
                frame = self._waiting.popleft()
                self.waiting_bytes -= _bytes(frame)
            else:
                frame = self._decoded_again(index)
            self._next = index + 1
            yield self.borders[index], frame

    def _keep(self, frame: av.VideoFrame) -> None:
        if self._second is not None:
            return
        self._waiting.append(frame)
        self.waiting_bytes += _bytes(frame)
        if max(self.waiting_bytes, self._waits * _bytes(frame)) > self._max_bytes:
            self._waiting.clear()
            self.waiting_bytes = 0
            self._second = each("decode", Decoding(self._path, self._info, self._since, **self._kind))

    def _decoded_again(self, index: int) -> av.VideoFrame:
        for ticks, frame in self._second or ():
            if ticks == self.borders[index]:
                return frame
            if ticks > self.borders[index]:
                break
        raise DecodeError(
            f"{self._path}: the frame at tick {self.borders[index]} is not there when the video is decoded again; the "
            "file has changed, run again"
        )


class _Views:
    """The frame at hand at any size; one scaler per size."""

    def __init__(self, info: VideoInfo) -> None:
        self.frame: av.VideoFrame | None = None
        self._info = info
        self._resizes: dict[tuple[int, int], Resize] = {}

    def __call__(self, width: int, height: int) -> NDArray[np.uint8]:
        if self.frame is None:
            raise DecodeError("no frame is at hand: views are of the frame that was drawn last")
        resize = self._resizes.get((width, height))
        if resize is None:
            resize = self._resizes[width, height] = Resize(self._info, width, height)
        return resize(self.frame)


def _bytes(frame: av.VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)
