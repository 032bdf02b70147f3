"""How a file is opened, and how the packets of one of its streams become frames whatever is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import av
from av.audio.stream import AudioStream
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from vidcurate.errors import UnreadableVideo
from vidcurate.video.within import Within

DECODER_THREADS = 1
"""Threads of a decoder. What can be saved of a damaged stream depends on it, and other cores have other videos."""

MAX_READ_ERRORS = 10
"""A file that fails so often to be read is taken to end there."""

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")


def opened(path: str | Within, accelerator: HWAccel | None = None, max_pixels: int | None = None) -> InputContainer:
    """Open a file or URL for reading.

    Args:
        path: a local path, whatever characters it holds, a URL with `://`, or a part of a file.
        accelerator: what decodes, where it can; None decodes here.
        max_pixels: of a picture; larger ones are not looked at.

    Raises:
        UnreadableVideo: there is no file, or FFmpeg knows no such container.
    """
    options = {} if max_pixels is None else {"max_pixels": str(max_pixels)}
    if isinstance(path, str) and not _URL.match(path):
        options["protocol_whitelist"] = "file"  # a playlist reaches nothing beyond this disk
    try:
        if isinstance(path, Within):
            path.seek(0)
            return av.open(path, "r", metadata_errors="replace", hwaccel=accelerator, options=options)
        # `file:` keeps FFmpeg from reading a dash, a colon or a percent sign of a path as syntax of its own.
        place = path if _URL.match(path) else f"file:{path}"
        return av.open(place, metadata_errors="replace", hwaccel=accelerator, options=options)
    except av.FFmpegError as error:
        raise UnreadableVideo(f"{path}: no container can be read ({error.strerror}); copy the file again") from error


def picture(container: InputContainer) -> VideoStream | None:
    """The first video stream that has a decoder and is not a cover picture."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & covers:
            return stream
    return None


def sound(container: InputContainer) -> AudioStream | None:
    """The first audio stream that has a decoder."""
    return next((stream for stream in container.streams.audio if stream.codec_context is not None), None)


def frames(
    container: InputContainer,
    stream: VideoStream | AudioStream,
    key: int | None = None,
    max_pixels: int | None = None,
) -> Iterator[av.VideoFrame | av.AudioFrame | None]:
    """Frames of one stream in presentation order, those of a video from a key frame on.

    Args:
        container: as it was opened, or after a seek.
        stream: one of its streams.
        key: timestamp of the key frame; None takes the first one.
        max_pixels: of a picture; larger ones are skipped before they take memory.

    Yields:
        a frame, or None for something skipped: a packet that cannot be read or decoded, one that precedes every key
        frame, or a frame that the decoder calls corrupt.
    """
    stream.codec_context.thread_count = DECODER_THREADS
    if max_pixels is not None:
        stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(max_pixels)}
    for other in container.streams:
        other.discard = Discard.default if other is stream else Discard.all  # not even read, where the format allows
    started = stream.type == "audio"
    for packet in _packets(container, stream):
        started = started or (packet is not None and packet.is_keyframe and (key is None or packet.pts == key))
        if packet is None or not started:
            yield None
            continue
        try:
            decoded = packet.decode()
        except av.FFmpegError:
            yield None
            continue
        for frame in decoded:
            if isinstance(frame, av.VideoFrame | av.AudioFrame):
                yield None if frame.is_corrupt else frame


def _packets(container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[av.Packet[Stream] | None]:
    """Packets and at last the empty one that flushes the decoder; None for each failed read."""
    for _ in range(MAX_READ_ERRORS):
        try:
            yield from container.demux(stream)
        except av.FFmpegError:
            yield None
        else:
            return
    flush = av.Packet()
    flush.stream = stream
    yield flush
