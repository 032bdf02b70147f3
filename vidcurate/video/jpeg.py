"""One picture as a JPEG, as fine as is asked for, or as small."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

QUANTISERS = (4, 8, 14, 31)
"""Tried in turn until a picture is small enough; 31 is the coarsest that there is."""


def jpeg(image: NDArray[np.uint8], quantiser: int = 4) -> bytes:
    """Encode a picture.

    Args:
        image: uint8 [height, width, 3], RGB.
        quantiser: 1 is the finest, 31 the coarsest.
    """
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = image.shape[1], image.shape[0], "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = quantiser
    packets = [*encoder.encode(av.VideoFrame.from_ndarray(image, format="rgb24")), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def small_jpeg(image: NDArray[np.uint8], max_bytes: int) -> bytes:
    """Encode a picture, uint8 [height, width, 3], as finely as so many bytes allow, if any quality does."""
    data = b""
    for quantiser in QUANTISERS:
        data = jpeg(image, quantiser)
        if len(data) <= max_bytes:
            break
    return data
