"""A histogram of colours: no weights, next to no time, blind to shape. For tests and first looks.

Square roots make the cosine of two histograms their Bhattacharyya coefficient.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vidcurate.embedder.base import Embed, Embedder
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, register

LEVELS = 4  # per channel
GRID = 2  # cells a side, each with a histogram of its own
SIDE = 32  # pixels


@register
class Histogram(Embedder):
    """Histograms of the four quarters of the picture over a few frames.

    Attributes:
        frames: of each clip, evenly spread.
    """

    frames: Count = 8

    @property
    def dim(self) -> int:
        """Length of the vectors: one number per cell and colour."""
        return GRID**2 * LEVELS**3

    @property
    def sampling(self) -> Sampling:
        """Frames of 32 x 32 pixels."""
        return Sampling(width=SIDE, height=SIDE, count=self.frames)

    def load(self, device: str) -> Embed:
        """The function that embeds; there is no model, `device` is ignored."""
        return self._embed

    def _embed(self, clips: Sequence[Frames]) -> NDArray[np.float32]:
        vectors = np.empty((len(clips), self.dim), np.float32)
        for row, clip in enumerate(clips):
            vectors[row] = np.sqrt(_histogram(clip.images))
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


def _histogram(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Pixels per cell and colour of all images, int64 [GRID * GRID * LEVELS ** 3]."""
    _, height, width, _ = images.shape
    levels = (images.astype(np.int64) * LEVELS) // 256
    colours = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
    rows, columns = np.arange(height) * GRID // height, np.arange(width) * GRID // width
    cells = rows[:, None] * GRID + columns
    return np.bincount((cells * LEVELS**3 + colours).reshape(-1), minlength=GRID**2 * LEVELS**3)
