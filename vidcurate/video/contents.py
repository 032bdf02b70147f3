"""What a finished file says of its video before any decoding: when frames are shown, and a hash of their codes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vidcurate.errors import UnreadableVideo
from vidcurate.video.container import opened, picture
from vidcurate.video.within import Within


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """The coded frames of a file.

    Attributes:
        ticks: int64 [n], timestamps of the frames that are shown, rising.
        digest: 32 hexadecimal digits of SHA-256 over the codec, the coded frames in their order, and which of them are
            shown. Containers, timestamps, sound and tags do not count: a stream that is packed anew keeps its digest.
    """

    ticks: NDArray[np.int64]
    digest: str


def contents(container: InputContainer, stream: VideoStream) -> Contents:
    """Read all packets of a file that has just been opened.

    Raises:
        av.FFmpegError: it is damaged.
    """
    digest = hashlib.sha256(stream.codec_context.name.encode())
    ticks: list[int] = []
    for packet in container.demux(stream):
        if packet.size:
            digest.update(b"%d:%d," % (packet.size, packet.is_discard))
            digest.update(memoryview(packet))
            if not packet.is_discard:
                ticks.append(packet.pts or 0)
    return Contents(np.sort(np.array(ticks, np.int64)), digest.hexdigest()[:32])


def content_hash(path: str | Within) -> str:
    """The digest of a file.

    Raises:
        UnreadableVideo: there is no video in it.
    """
    with opened(path) as container:
        stream = picture(container)
        if stream is None:
            raise UnreadableVideo(f"{path}: no video in it")
        return contents(container, stream).digest
