"""Encodes clips of one video from its decoded frames, exact to the frame and to the sample."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from vidcurate.errors import EncodeError
from vidcurate.records import VideoInfo, Written
from vidcurate.video.encode import ClipFile, Encoding
from vidcurate.video.ends import small
from vidcurate.video.interlace import Picture, Policy, Progressive
from vidcurate.video.sound import Sound
from vidcurate.video.timing import Timing
from vidcurate.video.upright import Form, Upright

UNKNOWN_FPS = 25.0
"""Frames per second that the encoder is told where the container does not say; timestamps do the rest."""


class Reencoder:
    """Writes clips of one video; to be used in a `with`.

    Args:
        path: the video's local file.
        info: what `probe` said about it.
        encoding: settings of the encoders.
        form: what is asked of the pictures.
        interlace: which frames are deinterlaced.

    Raises:
        EncodeError: the picture is too small for H.264.
    """

    def __init__(
        self,
        path: str,
        info: VideoInfo,
        encoding: Encoding,
        form: Form = Form(),  # noqa: B008  # a frozen value
        interlace: Policy = "keep",
    ) -> None:
        self._path, self._info, self._encoding, self._interlace = path, info, encoding, interlace
        self._upright = Upright(info, form)
        self._sound: Sound | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._encoding.audio == "keep" and self._info.audio_codec is not None:
            self._sound = self._open.enter_context(Sound(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def begin(self, path: Path, start: int) -> Reencoded:
        """Begin the clip whose first frame has the timestamp `start`.

        It has sound if the video has any at or after that.
        """
        timing = Timing(start, self._info.time_base)
        sound = self._sound
        if sound is not None and not sound.goes_on(timing.sample(start, sound.rate)):
            sound = None
        try:
            progressive = Progressive(self._interlace)
            return Reencoded(path, self._encoding, progressive, self._upright, timing, sound, self._info)
        except av.FFmpegError as error:
            raise EncodeError(f"{path.name}: {error}") from error


class Reencoded:
    """One clip while it is encoded. A frame is written when the next one or the end says how long it is shown."""

    def __init__(
        self,
        path: Path,
        encoding: Encoding,
        progressive: Progressive,
        upright: Upright,
        timing: Timing,
        sound: Sound | None,
        info: VideoInfo,
    ) -> None:
        self._path, self._progressive, self._upright = path, progressive, upright
        self._timing, self._sound = timing, sound
        self._time_base, self._encoder = info.time_base, encoding.encoder
        self._pending: Picture | None = None
        self._first: Picture | None = None
        self._num_frames = self._stamp = 0
        self._file = ClipFile(
            path,
            encoding,
            size=(upright.width, upright.height),
            pixel_format=upright.pixel_format,
            rate=encoding.rate(info.bit_rate),
            fps=Fraction(info.fps or UNKNOWN_FPS),
            clock=timing.clock,
            sound=(sound.rate, sound.layout) if sound is not None else None,
        )

    def add(self, tick: int, frame: av.VideoFrame) -> None:
        """Take the next frame."""
        try:
            ready = self._progressive.push(tick, frame)
        except av.FFmpegError as error:
            raise EncodeError(f"{self._path.name}: {error}") from error
        for picture in ready:
            self._take(*picture)

    def finish(self, end: int) -> Written:
        """Complete the file."""
        for picture in self._progressive.flush():
            self._take(*picture)
        first, last = self._first, self._pending
        if first is None or last is None:
            raise EncodeError(f"{self._path.name}: a clip without a frame")
        self._write(end)
        try:
            self._file.close()
        except av.FFmpegError as error:
            raise EncodeError(f"{self._path.name}: {error}") from error
        duration = (end - first[0]) * self._time_base
        return Written(
            width=self._upright.width,
            height=self._upright.height,
            num_frames=self._num_frames,
            fps=float(self._num_frames / duration),
            duration=float(duration),
            last=float((last[0] - first[0]) * self._time_base),
            codec="h264",
            encoder=self._encoder,
            num_bytes=self._path.stat().st_size,
            has_audio=self._sound is not None,
            ends=(small(first[1]), small(last[1])),
        )

    def discard(self) -> None:
        """Remove the file."""
        self._file.discard()

    def _take(self, tick: int, frame: av.VideoFrame) -> None:
        picture = tick, self._upright(frame)
        if self._pending is None:
            self._first, self._stamp = picture, self._timing.stamp(tick)
        else:
            self._write(tick)
        self._pending = picture

    def _write(self, until: int) -> None:
        """The frame at hand and the sound that is heard until the next one."""
        if self._pending is None:
            return
        (tick, frame), start = self._pending, self._stamp
        self._stamp = self._timing.stamp(until)
        samples = None
        if (sound := self._sound) is not None:
            samples = sound.read(self._timing.sample(tick, sound.rate), self._timing.sample(until, sound.rate))
        try:
            self._file.add(frame, start, self._stamp - start, samples)
        except av.FFmpegError as error:
            raise EncodeError(f"{self._path.name}: {error}") from error
        self._num_frames += 1
