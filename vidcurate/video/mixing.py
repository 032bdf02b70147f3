"""What editors put between two shots: pictures of one that become pictures of the other, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Grid = NDArray[np.floating[Any]]
Gradual = Literal["dissolve", "fade", "wipe"]

WIPES: dict[str, Callable[[Grid, Grid], Grid]] = {
    "left": lambda x, y: 1 - x,
    "right": lambda x, y: x,
    "up": lambda x, y: 1 - y,
    "down": lambda x, y: y,
    "corner": lambda x, y: (x + y) / 2,
    "circle": lambda x, y: np.hypot(x - 0.5, y - 0.5) * np.float32(2**0.5),
    "doors": lambda x, y: 2 * np.abs(x - 0.5),
}
"""When a place of the picture changes, as a share of the transition, by its position in [0, 1] across and down."""
FADES = {"black": 0, "white": 255}
"""Grey level that lies between the shots."""
EFFECTS: dict[Gradual, tuple[str, ...]] = {"dissolve": ("",), "fade": tuple(FADES), "wipe": tuple(WIPES)}
"""The forms of each."""


def mixed(old: Sequence[Image], new: Sequence[Image], kind: Gradual, effect: str) -> list[Image]:
    """Frames that lead from one shot to another; the first is the old shot's own, the last the new one's.

    Args:
        old: the last frames of one shot, uint8 [height, width, 3].
        new: as many first frames of the other.
        kind: of the transition.
        effect: one of its forms.
    """
    height, width = old[0].shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    order = WIPES[effect](x / (width - 1), y / (height - 1)) if kind == "wipe" else None
    frames = []
    for number, (one, other) in enumerate(zip(old, new, strict=True)):
        share = number / (len(old) - 1)
        if order is not None:
            frames.append(np.where((order < share)[..., None] | (share == 1), other, one))
        elif kind == "dissolve":
            frames.append(_blend(one, other, share))
        else:
            grey = np.full_like(one, FADES[effect])
            frames.append(_blend(one, grey, 2 * share) if share < 0.5 else _blend(grey, other, 2 * share - 1))
    return frames


def flashed(frames: Sequence[Image], strength: float = 0.8) -> list[Image]:
    """Frames as a flash of light shows them, nearer to white by that share."""
    return [_blend(frame, np.full_like(frame, 255), strength) for frame in frames]


def _blend(one: Image, other: Image, share: float) -> Image:
    return np.asarray(one + (other.astype(np.float32) - one) * np.float32(share) + 0.5, np.uint8)
