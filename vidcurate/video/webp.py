"""A few pictures of a clip as one that moves, and pictures made smaller."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray


def shrunk(image: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """A picture of that height and the same shape, or the picture itself if it is not higher: uint8 [h, w, 3]."""
    if image.shape[0] <= height:
        return image
    width = max(2, round(image.shape[1] * height / image.shape[0]))
    return np.asarray(av.VideoFrame.from_ndarray(image, format="rgb24").reformat(width, height).to_ndarray(), np.uint8)


def animation(images: NDArray[np.uint8], *, fps: float, quality: int) -> bytes:
    """An animated WebP that loops for ever.

    Args:
        images: uint8 [n, height, width, 3], RGB, n at least 1.
        fps: frames a second.
        quality: 0 to 100.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="webp", options={"loop": "0"}) as container:
        stream = container.add_stream("libwebp_anim", rate=Fraction(fps).limit_denominator(1000))
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.options = {"quality": str(quality), "compression_level": "2"}
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
