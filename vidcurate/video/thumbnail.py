"""Small pictures of a finished clip for people to look at: a few of its frames side by side in one JPEG."""

from __future__ import annotations

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
            images = [_frame(container, (index + 0.5) / frames, size) for index in range(frames)]
    except (av.FFmpegError, IndexError) as error:
        raise DecodeError(f"{getattr(file, 'path', file)}: no picture can be made of it ({error})") from error
    return small_jpeg(np.concatenate(images, axis=1), FRAME_BYTES * frames)


def _frame(container: InputContainer, position: float, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The frame at a share of the clip's length, uint8 [height, width, 3]; the last one if there is none later."""
    stream = container.streams.video[0]
    stream.codec_context.skip_frame = "NONREF"  # a neighbour will do, and is found in two thirds of the time
    wanted = (stream.start_time or 0) + int((stream.duration or 0) * position)
    container.seek(wanted, stream=stream)
    frame = None
    for frame in container.decode(stream):
        if frame.pts is not None and frame.pts >= wanted:
            break
    if frame is None:
        raise DecodeError(f"no frame at {float(wanted * (stream.time_base or 0)):.2f} s")
    image: NDArray[np.uint8] = frame.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()  # type: ignore[assignment]  # rgb24 has 8 bits
    return image
