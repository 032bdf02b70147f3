"""Frames that tests and the makers of their references draw from a seed, so that only expected scores are stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def shots_with_a_dissolve(frames: int = 160) -> NDArray[np.uint8]:
    """uint8 [frames, 27, 48, 3]: moving scenes with a cut after frame 44 and a dissolve from 100 to 114."""
    rng = np.random.default_rng(20)
    scenes = [np.kron(rng.integers(0, 256, (9, 16, 3)), np.ones((3, 3, 1))) for _ in range(3)]
    images = np.empty((frames, 27, 48, 3))
    for index in range(frames):
        first, second, third = (np.roll(scene, index // 4, axis=1) for scene in scenes)
        mix = np.clip((index - 99) / 16, 0, 1)
        images[index] = first if index <= 44 else (1 - mix) * second + mix * third
    return images.round().astype(np.uint8)


def pictures(count: int = 3) -> NDArray[np.uint8]:
    """uint8 [count, 224, 224, 3]: smooth random pictures."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (count, 8, 8, 3))
    return np.kron(coarse, np.ones((1, 28, 28, 1))).astype(np.uint8)
