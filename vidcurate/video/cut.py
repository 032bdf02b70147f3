"""Encodes clips of one video from its decoded frames, exact to the frame and to the sample."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from vidcurate.errors import EncodeError
from vidcurate.records import VideoInfo, Written
from vidcurate.video.bars import Bars
from vidcurate.video.encode import ClipFile, Encoding
from vidcurate.video.ends import small
from vidcurate.video.interlace import Policy, Progressive
from vidcurate.video.pace import Pace, Tick, Timed
from vidcurate.video.sound import Sound
from vidcurate.video.timing import Timing
from vidcurate.video.upright import Form, Upright
from vidcurate.video.wav import Wav

UNKNOWN_FPS = 25.0
"""Frames per second that the encoder is told where the container does not say; timestamps do the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is asked of the pictures of a clip.

    Attributes:
        form: size, depth and range of the frames.
        interlace: which frames are deinterlaced.
        crop: whether black bars are cut off.
        fps: constant frame rate, or None for the source's own timestamps.
    """

    form: Form = Form()
    interlace: Policy = "keep"
    crop: bool = False
    fps: Fraction | None = None


class Reencoder:
    """Writes clips of one video; to be used in a `with`.

    Args:
        path: the video's local file.
        info: what `probe` said about it.
        encoding: settings of the encoders.
        look: what is asked of the pictures.

    Raises:
        EncodeError: the picture is too small for H.264.
    """

    def __init__(self, path: str, info: VideoInfo, encoding: Encoding, look: Look = Look()) -> None:  # a frozen value
        self._path, self._info, self._encoding, self._look = path, info, encoding, look
        self._upright = Upright(info, look.form)
        self._sound: Sound | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._encoding.audio != "drop" and self._info.audio_codec is not None:
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
        sound = self._sound.heard_from(start, timing) if self._sound is not None else None
        return Reencoded(path, start, self._encoding, self._look, self._upright, timing, sound, self._info)


class Reencoded:
    """One clip while it is encoded. A frame is written when the next one or the end says how long it is shown."""

    def __init__(
        self,
        path: Path,
        start: int,
        encoding: Encoding,
        look: Look,
        upright: Upright,
        timing: Timing,
        sound: Sound | None,
        info: VideoInfo,
    ) -> None:
        self._path, self._start, self._encoding, self._info = path, start, encoding, info
        self._progressive, self._upright, self._bars = Progressive(look.interlace), upright, Bars(look.crop)
        self._pace, self._fps = Pace(look.fps, start, info.time_base), look.fps
        self._timing, self._sound = timing, sound
        self._wav = Wav(path.with_suffix(".wav"), sound) if sound is not None and encoding.audio == "wav" else None
        self._file: ClipFile | None = None
        self._first: Timed | None = None
        self._pending: Timed | None = None
        self._num_frames = self._stamp = 0

    def add(self, tick: int, frame: av.VideoFrame) -> None:
        """Take the next frame."""
        try:
            for at, picture in self._progressive.push(tick, frame):
                self._lay(self._bars.push(at, self._upright(picture)))
        except av.FFmpegError as error:
            raise EncodeError(f"{self._path.name}: {error}") from error

    def finish(self, end: int) -> Written:
        """Complete the file."""
        try:
            for at, picture in self._progressive.flush():
                self._lay(self._bars.push(at, self._upright(picture)))
            self._lay(self._bars.flush())
            for timed in self._pace.flush(end):
                self._take(*timed)
            return self._finish(end)
        except av.FFmpegError as error:
            raise EncodeError(f"{self._path.name}: {error}") from error

    def discard(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.discard()
        if self._wav is not None:
            self._wav.discard()

    def _lay(self, pictures: list[Timed]) -> None:
        for picture in pictures:
            for timed in self._pace.push(*picture):
                self._take(*timed)

    def _take(self, tick: Tick, frame: av.VideoFrame) -> None:
        if self._pending is None:
            self._file = self._begun(frame)
            self._first, self._stamp = (tick, frame), self._timing.stamp(tick)
        else:
            self._write(tick)
        self._pending = tick, frame

    def _begun(self, frame: av.VideoFrame) -> ClipFile:
        sound = self._sound
        return ClipFile(
            self._path,
            self._encoding,
            size=(frame.width, frame.height),
            pixel_format=self._upright.pixel_format,
            rate=self._encoding.rate(self._info.bit_rate),
            fps=self._fps or Fraction(self._info.fps or UNKNOWN_FPS),
            clock=self._timing.clock,
            sound=(sound.rate, sound.layout) if sound is not None else None,
        )

    def _write(self, until: Tick) -> None:
        """The frame at hand and the sound that is heard until the next one."""
        if self._pending is None or self._file is None:
            return
        (tick, frame), start = self._pending, self._stamp
        self._stamp = self._timing.stamp(until)
        samples = None
        if (sound := self._sound) is not None:
            samples = sound.read(self._timing.sample(tick, sound.rate), self._timing.sample(until, sound.rate))
        if self._wav is not None and samples is not None:
            self._wav.write(samples)
        self._file.add(frame, start, self._stamp - start, samples)
        self._num_frames += 1

    def _finish(self, end: int) -> Written:
        first, last, file = self._first, self._pending, self._file
        if first is None or last is None or file is None:
            raise EncodeError(f"{self._path.name}: a clip without a frame")
        self._write(end)
        file.close()
        if self._wav is not None:
            self._wav.close()
        duration = (end - self._start) * self._info.time_base
        return Written(
            width=first[1].width,
            height=first[1].height,
            num_frames=self._num_frames,
            fps=float(self._num_frames / duration),
            duration=float(duration),
            last=float((last[0] - first[0]) * self._info.time_base),
            codec="h264",
            encoder=self._encoding.encoder,
            num_bytes=self._path.stat().st_size,
            has_audio=self._sound is not None,
            ends=(small(first[1]), small(last[1])),
        )
