"""Clips whose frames are copied as they are compressed, exact to the frame by an edit list.

A stream can only be decoded from a key frame. Where a clip begins amid a group of pictures, the frames from the key
frame on are in the file, and the edit list tells players to begin after them; likewise it ends before frames that are
only there because earlier ones refer to them. FFmpeg, PyAV, torchcodec and OpenCV obey it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from vidcurate.errors import EncodeError
from vidcurate.video.mp4 import end_edit
from vidcurate.video.sound import Sound
from vidcurate.video.timing import Timing
from vidcurate.video.voice import Voice

if TYPE_CHECKING:
    from vidcurate.video.packets import AnyPacket


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Remuxing:
    """What makes a clip of copied packets.

    Attributes:
        path: of the file.
        source: the stream that the packets are of.
        packets: in decoding order, with timestamps of the source.
        start: tick of the first frame that is shown.
        end: tick at which the last one ends.
        timing: the clip's clock.
        sound: of the source, or None for a file without.
        header: the stream's parameters, if they are not those of the source.
    """

    path: Path
    source: VideoStream
    packets: Sequence[AnyPacket]
    start: int
    end: int
    timing: Timing
    sound: Sound | None
    header: bytes | None = None

    def write(self) -> None:
        """Write the file.

        Raises:
            EncodeError: FFmpeg refuses; nothing is left.
        """
        options = {
            "movflags": "+faststart",
            "fflags": "+bitexact",
            "use_editlist": "1",
            "avoid_negative_ts": "disabled",
            "movie_timescale": str(self.timing.clock),
        }
        try:
            with av.open(f"file:{self.path}", "w", format="mp4", container_options=options) as container:
                self._fill(container)
            end_edit(self.path, self._ticks(self.end - self.start))
        except (av.FFmpegError, ValueError) as error:
            self.path.unlink(missing_ok=True)
            raise EncodeError(f"{self.path.name}: its frames cannot be copied ({error})") from error

    def _fill(self, container: OutputContainer) -> None:
        video = container.add_stream_from_template(self.source, opaque=True)
        video.time_base = Fraction(1, self.timing.clock)
        if self.header is not None:
            video.codec_context.extradata = self.header
        sound, voice = self.sound, None
        heard = end = 0
        if sound is not None:
            voice = Voice(container, sound.rate, sound.layout)
            heard, end = (self.timing.sample(tick, sound.rate) for tick in (self.start, self.end))
        for packet in self.packets:
            copied = av.Packet(bytes(packet))
            copied.pts = self._ticks((packet.pts or 0) - self.start)
            copied.dts = self._ticks((packet.dts or 0) - self.start)
            copied.duration, copied.is_keyframe = self._ticks(packet.duration or 0), packet.is_keyframe
            if packet is self.packets[-1]:
                # MP4 adds decoding intervals up; the last one makes their sum the length of the clip, as in `ClipFile`.
                length = self._ticks(self.end - self.start)
                copied.duration = max(copied.duration, min(length - copied.dts, length - copied.pts))
            copied.time_base, copied.stream = video.time_base, video
            container.mux(copied)
            if sound is not None and voice is not None:
                until = max(heard, min(end, self.timing.sample(packet.dts or 0, sound.rate)))
                voice.write(sound.read(heard, until))
                heard = until
        if sound is not None and voice is not None:
            voice.write(sound.read(heard, end))
            voice.finish()

    def _ticks(self, ticks: int) -> int:
        """Ticks of the source in those of the file."""
        return round(ticks * (self.source.time_base or Fraction(1)) * self.timing.clock)
