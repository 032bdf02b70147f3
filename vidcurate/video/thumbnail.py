"""Small pictures of a finished clip for people to look at: a few of its frames side by side in one JPEG."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from vidcurate.errors import DecodeError
from vidcurate.video.jpeg import small_jpeg

HEIGHT, MAX_WIDTH = 108, 192
"""Box that a frame is shrunk to fit in, pixels."""

FRAME_BYTES = 6000
"""Size of one frame that a picture does not pass, so that a page of hundreds stays small."""


def strip(file: BinaryIO, frames: int, width: int, height: int) -> bytes:
    """A JPEG of frames from the middles of as many equal parts of a clip, side by side.

    Args:
        file: the clip; it must be seekable.
        frames: how many.
        width: display width of the clip in pixels.
        height: display height, likewise; both give the shape, not the size, of the picture.

    Raises:
        DecodeError: it is no video, or a frame cannot be decoded.
    """
    scale = min(HEIGHT / height, MAX_WIDTH / width)
    size = max(2, round(width * scale)), max(2, round(height * scale))
    try:
        with av.open(file, "r") as container:
            reader = _Reader(container, size)
            images = [reader.frame((index + 0.5) / frames) for index in range(frames)]
    except (av.FFmpegError, IndexError) as error:
        raise DecodeError(f"{getattr(file, 'path', file)}: no picture can be made of it ({error})") from error
    return small_jpeg(np.concatenate(images, axis=1), FRAME_BYTES * frames)


class _Reader:
    """Frames of a clip, asked for in order: where no key frame lies between two of them, it goes on decoding.

    Args:
        container: the clip.
        size: width and height of what is told.
    """

    def __init__(self, container: InputContainer, size: tuple[int, int]) -> None:
        self._container, self._stream, self._size = container, container.streams.video[0], size
        self._stream.codec_context.skip_frame = "NONREF"  # a neighbour will do, and is found in two thirds of the time
        self._stream.codec_context.options = {"skip_loop_filter": "all"}
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._last: av.VideoFrame | None = None

    def frame(self, position: float) -> NDArray[np.uint8]:
        """That at a share of the clip's length, uint8 [height, width, 3]; the last one if there is none later."""
        stream = self._stream
        wanted = (stream.start_time or 0) + int((stream.duration or 0) * position)
        if self._passes_key(wanted):
            self._container.seek(wanted, stream=stream)
            self._frames, self._last = self._container.decode(stream), None
        while self._last is None or (self._last.pts or 0) < wanted:
            frame = next(self._frames, None)
            if frame is None:
                break
            self._last = frame
        if self._last is None:
            raise DecodeError(f"no frame at {float(wanted * (stream.time_base or 0)):.2f} s")
        width, height = self._size
        image: NDArray[np.uint8] = self._last.reformat(width=width, height=height, format="rgb24").to_ndarray()  # type: ignore[assignment]  # rgb24 has 8 bits
        return image

    def _passes_key(self, wanted: int) -> bool:
        """Whether no frame was told yet, a key frame lies between the last one and another, or one cannot tell."""
        entries = self._stream.index_entries
        key = entries.search_timestamp(wanted)
        return key < 0 or self._last is None or entries[key].timestamp > (self._last.pts or 0)
