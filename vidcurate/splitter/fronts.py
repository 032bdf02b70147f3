"""Transitions that a network trained on cuts and dissolves overlooks, seen in how blocks of the picture change.

In a wipe of any shape every block changes once, from one picture to another; the changes run across the picture, so
that neighbouring blocks change at nearly the same time. Motion changes blocks over and over; a dissolve changes all of
them slowly. In a jump cut many blocks change at one frame, far more than at any frame just before or after; flashes
change back and fast motion changes blocks before and after, too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 9, 16
WINDOWS = (20, 32, 48)
"""Frames within which a wipe is looked for."""
STEP = 4
"""Frames between windows."""
GUARD = 3
"""Frames of a window, at either end, that a wipe must leave alone."""
NEAR = 5
"""Frames on either side that a jump is compared with."""

Blocks = NDArray[np.float32]


def blocks(image: NDArray[np.uint8]) -> Blocks:
    """Mean colours of the picture's blocks: uint8 [27, 48, 3] -> float32 [144, 3] in [0, 255]."""
    parts = image.reshape(ROWS, image.shape[0] // ROWS, COLUMNS, image.shape[1] // COLUMNS, 3)
    means: Blocks = parts.mean(axis=(1, 3), dtype=np.float32).reshape(-1, 3)
    return means


def wipe(window: Blocks) -> tuple[int, int] | None:
    """First mixed frame and first frame after the last one, of a wipe that lies within a window.

    Args:
        window: float32 [frames, 144, 3], as `blocks` returns them.
    """
    frames = len(window)
    ends = np.abs(window[-GUARD:].mean(axis=0) - window[:GUARD].mean(axis=0)).mean(axis=1)
    if (ends > 8).mean() < 0.7:  # most of what is seen is what was seen before
        return None
    before, explained, size = _steps(window)
    clear = (size > 8) & (explained > 0.8)
    if clear.mean() < 0.7 or np.median(explained) < 0.9:
        return None
    first, last = (int(value) for value in np.percentile(before[clear], (3, 97), method="nearest"))
    spread = last - first
    together = np.bincount(before[clear], minlength=frames + 1)
    share = (together[1:] + together[:-1]).max() / clear.sum()  # a cut changes all blocks at once
    front = before.reshape(ROWS, COLUMNS)
    rough = np.concatenate([np.abs(np.diff(front, axis=axis)).ravel() for axis in (0, 1)]).mean()
    within = first >= GUARD and last <= frames - GUARD
    return (first, last) if within and spread >= 4 and share <= 0.5 and rough <= spread / 4 else None


def _steps(window: Blocks) -> tuple[NDArray[np.int64], Blocks, Blocks]:
    """The step that fits each block best: frames before it, share of the variance that it explains, its height."""
    frames = len(window)
    count = np.arange(1, frames, dtype=np.float32)[:, None]
    centred = window - window.mean(axis=0)
    sums = np.cumsum(centred, axis=0)[:-1]
    gain = (sums**2).sum(axis=2) * (1 / count + 1 / (frames - count))
    before = gain.argmax(axis=0) + 1
    total = np.maximum((centred**2).sum(axis=(0, 2)), 1e-3)
    height = np.sqrt(gain.max(axis=0) / 3 / (before * (frames - before) / frames))
    return before, gain.max(axis=0) / total, height


def jump(changes: NDArray[np.float32]) -> float:
    """Share of blocks whose change in the middle dwarfs all that come before and after it.

    Args:
        changes: float32 [2 * NEAR + 1, 144], of each block from frame to frame.
    """
    others = np.delete(changes, NEAR, axis=0).max(axis=0)
    return float((changes[NEAR] > 2.5 * others + 2).mean())
