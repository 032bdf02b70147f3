"""The compressed frames of a video, read forward once while its clips are copied."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import av
from av.video.stream import VideoStream

from vidcurate.errors import EncodeError, UnreadableVideo
from vidcurate.video.container import opened, picture
from vidcurate.video.nal import is_refresh

if TYPE_CHECKING:
    from av.stream import Stream

    VideoPacket = av.Packet[VideoStream]
    AnyPacket = av.Packet[VideoStream] | av.Packet[Stream]


class Packets:
    """Packets from the key frame before the clip at hand on; those before it are forgotten.

    Attributes:
        stream: of the source, whose parameters a copy takes over.

    Args:
        path: the video's local file.

    Raises:
        UnreadableVideo: there is no video in it.
    """

    def __init__(self, path: str) -> None:
        self._container = opened(path)
        stream = picture(self._container)
        if stream is None:
            raise UnreadableVideo(f"{path}: no video in it; the file has changed, run again")
        self.stream: VideoStream = stream
        self._codec = stream.codec_context.codec.canonical_name
        self._coming = self._container.demux(stream)
        self._held: deque[VideoPacket] = deque()
        self._ended = self._dated = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def between(self, start: int, end: int) -> Sequence[VideoPacket]:
        """Packets that show the frames between two timestamps, in decoding order, from a key frame on.

        Args:
            start: timestamp of the first frame; no later call may have an earlier one.
            end: timestamp of the first frame that is not part of it.

        Raises:
            EncodeError: no key frame comes before, or packets lack timestamps.
        """
        self._read(end)
        keys = [number for number, packet in enumerate(self._held) if self._opens(packet) and _pts(packet) <= start]
        if not keys:
            raise EncodeError("no key frame precedes the clip")
        for _ in range(keys[-1]):
            self._held.popleft()
        wanted = [number for number, packet in enumerate(self._held) if _pts(packet) < end]
        return [self._held[number] for number in range(wanted[-1] + 1)]

    def is_join(self, tick: int) -> bool:
        """Whether a stream may go on with the frame of a timestamp: nothing after it refers to anything before it."""
        self._read(tick + 1)
        place = next((number for number, packet in enumerate(self._held) if packet.pts == tick), None)
        if place is None or not self._opens(self._held[place]):
            return False
        return all(_pts(self._held[number]) > tick for number in range(place + 1, len(self._held)))

    def _read(self, end: int) -> None:
        """Hold all packets that are decoded before a timestamp: among them all that are shown before it."""
        while not self._ended and not (self._dated and (self._held[-1].dts or 0) >= end):
            packet = next(self._coming, None)
            if packet is None:
                self._ended = True
            elif packet.size:
                _pts(packet)
                self._held.append(packet)
                self._date(packet)

    def _date(self, packet: VideoPacket) -> None:
        """Give the first packets, which Matroska leaves undated, the times before that of the first dated one."""
        if packet.dts is None or self._dated:
            return
        self._dated = True
        for steps, earlier in enumerate(reversed(list(self._held)[:-1]), start=1):
            earlier.dts = packet.dts - steps * max(1, packet.duration or 0)

    def _opens(self, packet: VideoPacket) -> bool:
        return packet.is_keyframe and is_refresh(self._codec, packet)


def _pts(packet: VideoPacket) -> int:
    if packet.pts is None or packet.is_corrupt:
        raise EncodeError("its packets do not tell when they are shown")
    return packet.pts
