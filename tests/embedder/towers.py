"""What the tests of image towers share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from tests.frames import frames_of
from tests.tiny import DEVIATION, MEAN
from vidcurate.records import Frames


def noise(count: int) -> Frames:
    """Frames of the size that the tiny checkpoints take."""
    images = np.random.default_rng(3).integers(0, 256, (count, 32, 32, 3), np.uint8)
    return frames_of(images)


def shown(frames: Frames, network: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
    """What a network of transformers says of the frames, in one batch."""
    pixels = (frames.images / 255 - np.array(MEAN)) / np.array(DEVIATION)
    with torch.no_grad():
        return network(torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32))).numpy()
