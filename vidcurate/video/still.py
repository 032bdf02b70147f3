"""Pictures out of frames, in the two formats that every browser shows: JPEG for one, WebP for a few that move."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

QUANTISERS = (4, 8, 14, 31)
"""Tried in turn until a JPEG is small enough; 31 is the coarsest that there is."""


def jpeg(image: NDArray[np.uint8], max_bytes: int | None = None) -> bytes:
    """One picture.

    Args:
        image: uint8 [height, width, 3], RGB.
        max_bytes: it is coarsened in steps until it is no larger, or cannot be coarser; None takes the first step.
    """
    data = b""
    for quantiser in QUANTISERS:
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = image.shape[1], image.shape[0], "yuvj420p"
        encoder.time_base = Fraction(1, 25)
        encoder.qmin = encoder.qmax = quantiser
        packets = [*encoder.encode(av.VideoFrame.from_ndarray(image, format="rgb24")), *encoder.encode(None)]
        data = b"".join(bytes(packet) for packet in packets)
        if max_bytes is None or len(data) <= max_bytes:
            break
    return data


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
