"""Cuts H.264 clips by encoding only the frames before the first key frame in each, and copying the rest."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import av
from av.codec.context import Flags
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from vidcurate.errors import EncodeError
from vidcurate.records import VideoInfo, Written
from vidcurate.video.copying import Copied, Copier
from vidcurate.video.nal import joined_header, with_lengths
from vidcurate.video.packets import Packets
from vidcurate.video.sound import Sound
from vidcurate.video.timing import Timing
from vidcurate.video.x264 import parameters

if TYPE_CHECKING:
    from vidcurate.video.packets import VideoPacket

PARAMETER_SET = 31
"""Id of the head's parameter sets; streams number their own from 0."""


class SmartCopier(Copier):
    """Copies clips of one video from their first key frame on; what comes before it is encoded.

    Args:
        path: the video's local file.
        info: what `probe` said about it: H.264 of 8 bit, yuv420p.
        audio: whether to `keep` the sound, as AAC, or to `drop` it.
        preset: of libx264.
        crf: of libx264.
    """

    def __init__(self, path: str, info: VideoInfo, audio: Literal["keep", "drop"], preset: str, crf: int) -> None:
        super().__init__(path, info, audio)
        self._options = {"preset": preset, "crf": str(crf), **parameters(f"sps-id={PARAMETER_SET}", "bframes=0")}

    def begin(self, path: Path, start: int) -> Joined:
        """Begin the clip whose first frame has the timestamp `start`."""
        timing = Timing(start, self._info.time_base)
        return Joined(path, self.packets, timing, self._voice(timing, start), self._info, self._options)


class Joined(Copied):
    """One clip while its frames go by: an encoded head, and from a key frame on packets of the source.

    No frame of the head is shown before one that is decoded earlier, so that the times at which it is decoded can all
    be moved before those of the source.
    """

    def __init__(
        self,
        path: Path,
        packets: Packets,
        timing: Timing,
        sound: Sound | None,
        info: VideoInfo,
        options: dict[str, str],
    ) -> None:
        super().__init__(path, packets, timing, sound, info)
        self._options = options
        self._encoder: VideoCodecContext | None = None
        self._head: list[VideoPacket] = []
        self._join: int | None = None

    def add(self, tick: int, frame: av.VideoFrame) -> None:
        """Take the next frame."""
        super().add(tick, frame)
        if self._join is None and self.packets.is_join(tick):
            self._join = tick
        if self._join is None:
            try:
                self._encode(tick, frame)
            except av.FFmpegError as error:
                raise EncodeError(f"{self.path.name}: {error}") from error

    def finish(self, end: int) -> Written:
        """Write the head and the packets that follow it."""
        if self._encoder is None:
            return super().finish(end)
        self.encoder = "libx264" if self._join is None else "libx264+copy"
        self._head += self._encoder.encode(None)
        tail = self.packets.between(self._join, end) if self._join is not None else []
        ours = self.packets.stream.codec_context.extradata or b""
        header = joined_header(ours, self._encoder.extradata or b"")
        if header is None:
            raise EncodeError(f"{self.path.name}: the parameter sets of its stream cannot stand beside others")
        in_advance = (tail[0].pts or 0) - (tail[0].dts or 0) if tail else 0
        packets = [self._moved(packet, tick, in_advance) for packet, tick in zip(self._head, self.ticks, strict=False)]
        self.copy([*packets, *(tail if ours[:1] == b"\x01" else map(_with_lengths, tail))], end, header)
        return self.told(end)

    def _encode(self, tick: int, frame: av.VideoFrame) -> None:
        if self._encoder is None:
            self._encoder = encoder = av.VideoCodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
            encoder.time_base, encoder.thread_count = Fraction(1, self.timing.clock), 1
            encoder.framerate = Fraction(self.info.fps or 25).limit_denominator(100_000)
            encoder.options, encoder.flags = self._options, encoder.flags | Flags.global_header
            encoder.colorspace, encoder.color_range = frame.colorspace, frame.color_range
            encoder.color_primaries, encoder.color_trc = frame.color_primaries, frame.color_trc
        frame.pts, frame.time_base = self.timing.stamp(tick), self._encoder.time_base
        frame.pict_type = PictureType.NONE
        self._head += self._encoder.encode(frame)

    def _moved(self, packet: VideoPacket, tick: int, in_advance: int) -> av.Packet[Stream]:
        """A packet of the head on the source's clock."""
        moved = av.Packet(with_lengths(bytes(packet)))
        moved.pts, moved.dts, moved.is_keyframe = tick, tick - in_advance, packet.is_keyframe
        return moved


def _with_lengths(packet: VideoPacket) -> av.Packet[Stream]:
    copied = av.Packet(with_lengths(bytes(packet)))
    copied.pts, copied.dts, copied.duration = packet.pts, packet.dts, packet.duration
    copied.is_keyframe = packet.is_keyframe
    return copied
