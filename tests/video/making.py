"""Small videos that tests.media does not make: turned, anamorphic, odd, with any sound; and clips cut out of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidcurate.records import CutClip, Sampling, Shot, VideoInfo
from vidcurate.registry import settings
from vidcurate.splitter.base import Splitter
from vidcurate.stage.cut import Cutting
from vidcurate.transcoder.base import Transcoder
from vidcurate.transcoder.h264 import H264
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe


def write_picture(
    path: Path,
    image: NDArray[np.uint8],
    *,
    count: int = 3,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rotation: int = 0,
    aspect: Fraction = Fraction(1),
    **tags: int,
) -> Path:
    """A video of one picture, uint8 [height, width, 3] as it is stored, shown `count` times at 25 fps."""
    with av.open(f"file:{path}", "w") as container:
        video = container.add_stream(codec, rate=25)
        video.height, video.width = image.shape[:2]
        video.pix_fmt = pix_fmt
        video.codec_context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        if codec == "libx264":
            video.options = {"crf": "4"}
        for name, value in tags.items():
            setattr(video.codec_context, name, value)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(image).reformat(format=pix_fmt, **_range(tags))
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


def add_sound(
    path: Path,
    source: Path,
    samples: NDArray[np.float32],
    *,
    rate: int = 48000,
    layout: str = "mono",
    codec: str = "flac",
    start: Fraction = Fraction(0),
    keep: Callable[[int], bool] = lambda number: True,
) -> Path:
    """Copy the video of `source` and put sound beside it.

    Args:
        path: what is written.
        source: a video.
        samples: float32 [channels, n].
        rate: samples per second.
        layout: FFmpeg's name of the channels' layout.
        codec: FFmpeg's name of an encoder of s16 (flac, pcm_s16le) or fltp (aac).
        start: seconds by which all of the sound comes later.
        keep: whether a packet of sound, by its number, is written.
    """
    form = "fltp" if codec == "aac" else "s16"
    with av.open(f"file:{path}", "w") as container, av.open(f"file:{source}") as origin:
        picture = container.add_stream_from_template(origin.streams.video[0])
        sound = container.add_stream(codec, rate=rate)
        sound.codec_context.layout, sound.codec_context.format = layout, form
        packets = [packet for packet in origin.demux(video=0) if packet.dts is not None]
        for packet in packets:
            packet.stream = picture
            container.mux(packet)
        planes = samples if form == "fltp" else (samples * 32767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), format=form, layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), round(start * rate)
        for number, packet in enumerate([*sound.encode(frame), *sound.encode()]):
            if keep(number):
                container.mux(packet)
    return path


def tone(seconds: float, *, rate: int = 48000, hertz: float = 440) -> NDArray[np.float32]:
    """A sine of amplitude 0.3, float32 [1, n]."""
    return (np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate) * 0.3).astype(np.float32)[None]


def first_pass(path: Path) -> tuple[VideoInfo, NDArray[np.int64], int]:
    """What shot detection knows of a video: its info, the ticks of its frames, and the tick where it ends."""
    info = probe(str(path))
    decoding = Decoding(str(path), info)
    ticks = np.array([at for at, _ in decoding], np.int64)
    return info, ticks, decoding.end


@settings
class At(Splitter):
    """Cuts at the frames that it is told; shots are told when all frames have been seen.

    Attributes:
        starts: first frame of every shot; each ends where the next begins, the last with the video.
    """

    min_length: float = 0.0
    starts: tuple[int, ...]

    def load(self, device):
        return self._detect

    def _detect(self, thumbnails):
        count = sum(1 for _ in thumbnails)
        yield from (Shot(start, end) for start, end in pairwise((*self.starts, count)))


def cut_at(
    path: Path,
    starts: Sequence[int],
    *,
    samplings: Sequence[Sampling] = (),
    transcoder: Transcoder = H264(),  # noqa: B008  # a frozen value
    folder: Path | None = None,
) -> list[CutClip]:
    """Clips that begin at the frames with these numbers; each ends where the next begins, the last with the video."""
    folder = folder or path.parent / "clips"
    folder.mkdir(exist_ok=True)
    info, splitter = probe(str(path)), At(starts=tuple(starts))
    return list(Cutting("video", str(path), info, splitter, transcoder, samplings, folder, "cpu"))


def heard(path: Path | str) -> tuple[int, NDArray[np.float32]]:
    """Rate and samples, float32 [channels, n], of a file's sound, from the instant of its first frame."""
    with av.open(f"file:{path}") as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
        return stream.rate, samples[:, : round(stream.duration * stream.time_base * stream.rate)]


def shown(path: Path | str) -> list[tuple[Fraction, NDArray[np.uint8]]]:
    """Seconds and pictures, uint8 [height, width, 3], of a file's frames as they are stored."""
    with av.open(f"file:{path}") as container:
        return [(frame.pts * frame.time_base, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def _range(tags: dict[str, int]) -> dict[str, int]:
    return {"dst_color_range": tags["color_range"]} if "color_range" in tags else {}
