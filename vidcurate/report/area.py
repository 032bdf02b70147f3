"""A curve over equal bins as the path of an SVG, so that thousands of bins take little room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def area(low: NDArray[np.float64], high: NDArray[np.float64]) -> str:
    """One rectangle for each run of equal bins; a bin is 1 wide, 100 is the full height, and y points down.

    Args:
        low: float [bins], from where each reaches, 0 to 1.
        high: likewise, to where.

    >>> area(np.zeros(3), np.array([0.5, 0.5, 0.0]))
    'M0 50h2v50h-2z'
    """
    tops, heights = np.round(100 - 100 * high, 1), np.round(100 * (high - low), 1)
    edges = np.flatnonzero((np.diff(tops) != 0) | (np.diff(heights) != 0)) + 1
    path = []
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), len(tops)], strict=True):
        if heights[begin] > 0:
            path.append(f"M{begin} {tops[begin]:g}h{end - begin}v{heights[begin]:g}h{begin - end}z")
    return "".join(path)
