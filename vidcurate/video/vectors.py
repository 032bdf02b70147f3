"""Motion vectors of a codec, as far as its decoder tells them: H.264, MPEG-1, -2, -4, H.263, WMV; not HEVC, VP9, AV1.

A vector says where the picture of a block was taken from, so that its length is how far the block has moved since the
frame it was predicted from. What the encoder found cheapest is not always what moved: flat areas point anywhere.
"""

from __future__ import annotations

import av
import numpy as np
from av.codec.context import Flags2
from av.video.stream import VideoStream
from numpy.typing import NDArray

BLOCK = 16
"""Pixels per side of a cell: a macroblock."""


def ask_for_vectors(stream: VideoStream) -> None:
    """Have the decoder hand its vectors over, before the first packet; one that knows none does nothing."""
    stream.codec_context.flags2 |= Flags2.export_mvs


def displacements(frame: av.VideoFrame) -> NDArray[np.float32] | None:
    """How far every cell of a frame has moved, as a share of the stored picture's width + height.

    Returns:
        float32 [rows, columns], cells of 16 x 16 pixels; parts of a cell that were not predicted count as still. None
        for a frame without vectors, such as a key frame.
    """
    vectors = frame.side_data.get("MOTION_VECTORS")
    if vectors is None:
        return None
    blocks = vectors.to_ndarray()
    rows, columns = -(-frame.height // BLOCK), -(-frame.width // BLOCK)
    row = np.clip(blocks["dst_y"] // BLOCK, 0, rows - 1)
    cell = row * columns + np.clip(blocks["dst_x"] // BLOCK, 0, columns - 1)
    area = blocks["w"].astype(np.float64) * blocks["h"]
    length = np.hypot(blocks["motion_x"], blocks["motion_y"]) / np.maximum(blocks["motion_scale"], 1)
    moved = np.bincount(cell, length * area, rows * columns)
    covered = np.bincount(cell, area, rows * columns)  # twice its area where a block has a past and a future
    mean = moved / np.maximum(covered, BLOCK * BLOCK) / (frame.width + frame.height)
    return np.asarray(mean.reshape(rows, columns), np.float32)
