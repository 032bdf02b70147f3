"""Cuts clips of one video without encoding its picture: its compressed frames are copied."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import av

from vidcurate.errors import EncodeError
from vidcurate.records import VideoInfo, Written
from vidcurate.video.ends import small
from vidcurate.video.packets import Packets
from vidcurate.video.remux import Remuxing
from vidcurate.video.sound import Sound
from vidcurate.video.timing import Timing

if TYPE_CHECKING:
    from vidcurate.video.packets import AnyPacket

COPYABLE = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
"""Codecs whose streams MP4 holds and every decoder of FFmpeg's finds its way into."""


class Copier:
    """Copies clips of one video; to be used in a `with`.

    Args:
        path: the video's local file.
        info: what `probe` said about it.
        audio: whether to `keep` the sound, as AAC, or to `drop` it.
    """

    def __init__(self, path: str, info: VideoInfo, audio: Literal["keep", "drop"]) -> None:
        self._path, self._info, self._audio = path, info, audio
        self._open = ExitStack()
        self._sound: Sound | None = None

    def __enter__(self) -> Self:
        self.packets = self._open.enter_context(Packets(self._path))
        if self._audio == "keep" and self._info.audio_codec is not None:
            self._sound = self._open.enter_context(Sound(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def begin(self, path: Path, start: int) -> Copied:
        """Begin the clip whose first frame has the timestamp `start`."""
        timing = Timing(start, self._info.time_base)
        return Copied(path, self.packets, timing, self._voice(timing, start), self._info)

    def _voice(self, timing: Timing, start: int) -> Sound | None:
        """The sound, unless it has ended before a tick."""
        return self._sound.heard_from(start, timing) if self._sound is not None else None


class Copied:
    """One clip while its frames go by; they are copied when the last one is known."""

    def __init__(self, path: Path, packets: Packets, timing: Timing, sound: Sound | None, info: VideoInfo) -> None:
        self.path, self.packets, self.timing, self.sound, self.info = path, packets, timing, sound, info
        self.encoder = "copy"
        self.ticks: list[int] = []
        self._ends: list[av.VideoFrame] = []

    def add(self, tick: int, frame: av.VideoFrame) -> None:
        """Take note of the next frame."""
        self.ticks.append(tick)
        self._ends[1:] = [frame]

    def finish(self, end: int) -> Written:
        """Copy the frames."""
        self.copy(self.packets.between(self.ticks[0], end), end)
        return self.told(end)

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def copy(self, packets: Sequence[AnyPacket], end: int, header: bytes | None = None) -> None:
        """Write packets that show all of the clip's frames, and others that the edit list hides.

        Raises:
            EncodeError: they show other frames, or FFmpeg refuses.
        """
        start = self.ticks[0]
        if sorted(packet.pts or 0 for packet in packets if start <= (packet.pts or 0) < end) != self.ticks:
            raise EncodeError(f"{self.path.name}: the packets' timestamps are not those of its frames")
        Remuxing(
            path=self.path,
            source=self.packets.stream,
            packets=packets,
            start=start,
            end=end,
            timing=self.timing,
            sound=self.sound,
            header=header,
        ).write()

    def told(self, end: int) -> Written:
        """What is in the file."""
        start, last = self.ticks[0], self.ticks[-1]
        duration = (end - start) * self.info.time_base
        return Written(
            width=self.info.width,
            height=self.info.height,
            num_frames=len(self.ticks),
            fps=float(len(self.ticks) / duration),
            duration=float(duration),
            last=float((last - start) * self.info.time_base),
            codec=self.info.codec,
            encoder=self.encoder,
            num_bytes=self.path.stat().st_size,
            has_audio=self.sound is not None,
            ends=(small(self._ends[0]), small(self._ends[-1])),
        )
