"""Writes one clip as an MP4 file: H.264 and AAC, with libx264 the same bytes whenever the input is the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vidcurate.video.voice import Voice
from vidcurate.video.x264 import parameters

_NVENC = {"b_ref_mode": "middle", "spatial-aq": "1", "temporal-aq": "1", "rc-lookahead": "20"}

MAX_FPS = Fraction(1000)
"""Frames per second that the encoder is told at most; it only sets levels by them, timestamps do the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Settings of the encoders.

    Attributes:
        encoder: FFmpeg's name of an encoder of H.264.
        preset: of the encoder, e.g. `ultrafast` to `veryslow` of libx264.
        crf: quality that is held, 0 to 51; lower is larger and better.
        bit_rate: bits per second that are held instead; `source` is that of the video's file where it is known.
        threads: of libx264; other numbers give other bytes.
        gpu: number of the GPU that `h264_nvenc` uses.
        audio: whether to `keep` or to `drop` the sound, or to keep it and write it as `wav` beside the clip too.
    """

    encoder: Literal["libx264", "h264_nvenc"] = "libx264"
    preset: str = "veryfast"
    crf: int = 23
    bit_rate: int | Literal["source"] | None = None
    threads: int = 1
    gpu: int = 0
    audio: Literal["keep", "drop", "wav"] = "keep"

    def rate(self, source: int) -> int | None:
        """Bits per second that are held, if any; `source` is that of the video's file, 0 where unknown."""
        return (source or None) if self.bit_rate == "source" else self.bit_rate

    def options(self, rate: int | None) -> dict[str, str]:
        """Options of the encoder."""
        if self.encoder == "libx264":
            return {"preset": self.preset, **({} if rate else {"crf": str(self.crf)}), **parameters()}
        quality = {} if rate else {"cq": str(self.crf)}
        return {"preset": self.preset, "tune": "hq", "rc": "vbr", "gpu": str(self.gpu), **_NVENC, **quality}


class ClipFile:
    """A clip while it is written, until it is closed or discarded.

    Every method raises `av.FFmpegError` where an encoder or the disk refuses.

    Args:
        path: of the file.
        encoding: settings of the encoders.
        size: width and height, even.
        pixel_format: of the frames, `yuv420p` or `yuv420p10le`.
        rate: bits per second that are held; None holds the quality.
        fps: frames per second, the average.
        clock: ticks per second of the frames' timestamps.
        sound: samples per second and layout, or None for a file without sound.
    """

    def __init__(
        self,
        path: Path,
        encoding: Encoding,
        *,
        size: tuple[int, int],
        pixel_format: str = "yuv420p",
        rate: int | None = None,
        fps: Fraction,
        clock: int,
        sound: tuple[int, str] | None,
    ) -> None:
        self._path, self._time_base = path, Fraction(1, clock)
        self._durations: dict[int | None, int] = {}  # of the frames that the encoder holds
        self._held: av.Packet[VideoStream] | None = None
        self._first_dts = self._end = 0
        # Edit lists are written in the movie's clock: with the track's own, lengths are exact.
        options = {"movflags": "+faststart", "fflags": "+bitexact", "movie_timescale": str(clock)}
        self._container = av.open(f"file:{path}", "w", format="mp4", container_options=options)
        self._video = self._container.add_stream(encoding.encoder, rate=min(fps, MAX_FPS).limit_denominator(100_000))
        self._video.options = {**encoding.options(rate)}
        picture = self._video.codec_context
        picture.width, picture.height = size
        picture.pix_fmt = pixel_format
        if rate is not None:
            picture.bit_rate = rate
        picture.thread_count, picture.time_base = encoding.threads, self._time_base
        picture.sample_aspect_ratio, picture.color_range = Fraction(1), ColorRange.MPEG
        self._voice = Voice(self._container, *sound) if sound is not None else None

    def add(self, frame: av.VideoFrame, pts: int, duration: int, samples: NDArray[np.float32] | None) -> None:
        """Write one frame and the sound that goes with it.

        Args:
            frame: of the file's size and pixel format; its timestamp is overwritten. The first sets the colour tags.
            pts: in ticks of the file's clock, rising; 0 for the first frame.
            duration: likewise.
            samples: float32 [channels, n], following those of the frame before.
        """
        if not pts:
            picture = self._video.codec_context
            picture.colorspace, picture.color_primaries = frame.colorspace, frame.color_primaries
            picture.color_trc = frame.color_trc
        # Left in place, the source's frame types would dictate those of the clip.
        frame.pts, frame.time_base, frame.pict_type = pts, self._time_base, PictureType.NONE
        self._durations[pts], self._end = duration, pts + duration
        self._mux_video(frame)
        if self._voice is not None and samples is not None:
            self._voice.write(samples)

    def close(self) -> None:
        """Complete the file; where that fails, it is removed."""
        try:
            self._mux_video(None)
            if self._voice is not None:
                self._voice.finish()
            self._container.close()
        except av.FFmpegError:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove the file."""
        with suppress(av.FFmpegError):
            self._container.close()
        self._path.unlink(missing_ok=True)

    def _mux_video(self, frame: av.VideoFrame | None) -> None:
        for packet in self._video.encode(frame):
            packet.duration = self._durations.pop(packet.pts)
            if self._held is None:
                self._first_dts = packet.dts or 0
            else:
                self._container.mux(self._held)
            self._held = packet
        if frame is None and self._held is not None:
            # MP4 keeps decoding intervals; the last one makes their sum the length of the clip.
            packet, dts, pts = self._held, self._held.dts or 0, self._held.pts or 0
            packet.duration = min(self._end - pts, max(1, self._end - dts + self._first_dts))
            self._container.mux(packet)
