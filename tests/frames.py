"""Frames of a clip out of images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcurate.records import Frames


def frames_of(images: NDArray[np.uint8], fps: float = 4.0) -> Frames:
    """All frames of a clip: uint8 [n, height, width, 3]."""
    indices = np.arange(len(images))
    return Frames(images=images, times=indices / fps, indices=indices)
