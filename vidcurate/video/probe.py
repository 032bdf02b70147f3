"""What a container says about its video before the video is decoded, and whether it holds one at all."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import Literal, cast

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from vidcurate.errors import UnreadableVideo
from vidcurate.records import UNLIMITED, Limits, VideoInfo
from vidcurate.video.container import frames, opened, picture, sound
from vidcurate.video.limits import demand_within
from vidcurate.video.within import Within

NOT_VIDEO = frozenset({"image2", "image2pipe", "ico", "alias_pix", "brender_pix", "tty", "bin", "xbin", "adf", "idf"})
"""Demuxers that make a stream out of pictures or of plain text; so do all whose name ends with `_pipe`."""

PLAYLISTS = frozenset({"concat", "hls", "dash"})
"""Demuxers of text that names other files."""

STILL_BRANDS = frozenset({"avif", "heic", "heix", "mif1"})
"""Major brands of MP4 files that hold one picture."""

SQUARE_WITHIN = Fraction(1, 100)
"""A sample aspect ratio so close to 1 is the rounding of a scaler, not a wish."""

MAX_ASPECT = 10
"""A sample aspect ratio beyond this, or below its inverse, is damage."""

FIRST_FRAMES = 100
"""Frames or failures that may pass until a frame tells the rotation."""


def probe(path: str | Within, limits: Limits = UNLIMITED) -> VideoInfo:
    """Read what a container says about its first video stream that has a decoder and is no cover picture.

    Args:
        path: a local path, a URL, or a part of a file.
        limits: what it may declare; a picture beyond them is not decoded.

    Raises:
        UnreadableVideo: no container, no video stream, no decoder, or a still picture.
        OverLimit: it declares more than it may.
    """
    pixels = limits.max_pixels
    with opened(path, max_pixels=pixels) as container:
        stream = _video_stream(path, container)
        num_frames = _num_frames(stream)  # before frames are read, which adds to the index
        shown = islice(frames(container, stream, max_pixels=pixels), FIRST_FRAMES)
        first = next(filter(None, shown), None)
        context, shape = stream.codec_context, first if isinstance(first, av.VideoFrame) else stream
        if not shape.width or not shape.height:
            more = "" if pixels is None else f", not within source.max_pixels={pixels}"
            raise UnreadableVideo(
                f"{path}: the container gives no picture size and no frame can be decoded{more}; drop it"
            )
        rotation = round(first.rotation / 90) * 90 % 360 if isinstance(first, av.VideoFrame) else 0
        width, height = max(1, round(shape.width * _aspect(stream))), shape.height
        time_base = cast("Fraction", stream.time_base)  # only output streams have none
        audio = sound(container)
        info = VideoInfo(
            width=height if rotation in (90, 270) else width,
            height=width if rotation in (90, 270) else height,
            rotation=cast("Literal[0, 90, 180, 270]", rotation),
            fps=_fps(stream),
            duration=_duration(container, stream),
            num_frames=num_frames,
            codec=context.codec.canonical_name,
            pixel_format=shape.format.name if shape.format is not None else "",
            audio_codec=audio.codec_context.codec.canonical_name if audio is not None else None,
            bit_rate=container.bit_rate,
            time_base=time_base,
            origin=round(Fraction(container.start_time or 0, av.time_base) / time_base),
        )
    demand_within(path, info, limits)
    return info


def _video_stream(path: str | Within, container: InputContainer) -> VideoStream:
    name = container.format.name
    stream = picture(container)
    brand = container.metadata.get("major_brand")
    alone = name in ("gif", "mjpeg") and stream is not None and stream.frames == 1
    if name.endswith("_pipe") or name in NOT_VIDEO or brand in STILL_BRANDS or alone:
        raise UnreadableVideo(f"{path}: a still picture or text ({name}), not a video; take it out of the source")
    if name in PLAYLISTS:
        raise UnreadableVideo(f"{path}: a playlist ({name}), not a video; give the files that it names")
    if stream is None and any(other.codec_context is None for other in container.streams.video):
        raise UnreadableVideo(f"{path}: no decoder for its video; convert it, e.g. to H.264")
    if stream is None:
        kinds = sorted({"cover picture" if other.type == "video" else other.type for other in container.streams})
        raise UnreadableVideo(f"{path}: no video, only {', '.join(kinds) or 'an empty box'}; take it out of the source")
    return stream


def _aspect(stream: VideoStream) -> Fraction:
    aspect = stream.sample_aspect_ratio or Fraction(1)
    plausible = Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT and abs(aspect - 1) > SQUARE_WITHIN
    return aspect if plausible else Fraction(1)


def _fps(stream: VideoStream) -> float:
    # Containers with coarse clocks claim 1000 frames a second; FFmpeg's guess is never below the true rate.
    if not stream.average_rate:
        return 0.0
    return float(min(stream.average_rate, stream.guessed_rate or stream.average_rate))


def _duration(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _num_frames(stream: VideoStream) -> int:
    # Only the index knows which frames an edit list leaves out, and which chunks of an AVI are empty.
    shown = sum(not entry.is_discard for entry in stream.index_entries) if stream.frames else 0
    return shown or stream.frames
