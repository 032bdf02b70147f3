"""Thumbnails of two moving scenes and what lies between them, drawn by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = np.mgrid[0:27, 0:48]

Progress = Callable[[float], NDArray[np.float64] | float]

LATE = {
    "left": COLUMNS / 47,
    "right": 1 - COLUMNS / 47,
    "down": ROWS / 26,
    "diagonal": (ROWS / 26 + COLUMNS / 47) / 2,
    "circle": np.hypot((ROWS - 13) / 26, (COLUMNS - 24) / 48) / 0.71,
}
"""When each pixel changes in a wipe, 0 to 1."""


def moving(seed: int, frames: int, speed: float = 0.1) -> NDArray[np.float64]:
    """A smooth scene that pans by so many pixels a frame: [frames, 27, 48, 3] in [0, 255]."""
    rng = np.random.default_rng(seed)
    waves = rng.uniform(0.05, 0.3, (6, 2)) * rng.choice([-1, 1], (6, 2))
    colours, phases = rng.uniform(-40, 40, (6, 3)), rng.uniform(0, 6, 6)
    mean = rng.uniform(60, 190, 3)
    shift = speed * np.arange(frames)[:, None, None, None]
    angle = waves[:, 0] * ROWS[..., None] + waves[:, 1] * (COLUMNS[..., None] + shift) + phases
    return np.clip(mean + np.sin(angle) @ colours, 0, 255)


def between(old: int, new: int, frames: int, mixed: int, late: NDArray[np.float64] | None) -> NDArray[np.uint8]:
    """uint8 [2 * frames + mixed, 27, 48, 3]: two scenes, and a wipe, or a dissolve if `late` is None, between them."""
    total = 2 * frames + mixed
    first, second = moving(old, total), moving(new, total)
    progress = np.clip((np.arange(total) - frames + 1) / (mixed + 1), 0, 1)[:, None, None]
    share = progress + 0 * COLUMNS if late is None else (progress * (1 + 1e-6) > late) | (progress == 1)
    return (first + share[..., None] * (second - first)).round().astype(np.uint8)
