"""Black bars: where the picture within them begins and ends, and how a clip is rid of them."""

from __future__ import annotations

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from vidcurate.video.pace import Tick, Timed
from vidcurate.video.upright import chain

BLACK = 0.1
"""Luma, of 1, up to which a pixel is black."""

NEARLY_ALL = 0.98
"""Share of a row's pixels that are black in a bar."""

EDGE = 2
"""Rows or columns over which scaling and compression may smear the edge of a bar."""

STRAIGHT = 0.8
"""Share of the edge's length along which the picture must be brighter than the bar."""

LEAST = 0.3
"""Share of the width or height that a picture takes at least: 9:16 in 16:9 takes .32. What is smaller is a lamp."""

FRAMES = 24
"""Frames of a clip by which its bars are found; so many wait in memory."""


def within(lit: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Where the picture lies: its first row and the one behind its last, its first column and the one behind its last.

    Args:
        lit: bool [height, width], whether a pixel is ever brighter than black.
    """
    top, bottom = _rows(lit)
    left, right = _rows(lit[top:bottom].T)
    return top, bottom, left, right


class Bars:
    """Cuts the bars off the frames of one clip, which come out when enough of them have been seen.

    Args:
        crop: whether to; else all pass as they are.
    """

    def __init__(self, crop: bool) -> None:
        self._decided = not crop
        self._graph: Graph | None = None
        self._waiting: list[Timed] = []

    def push(self, tick: Tick, frame: av.VideoFrame) -> list[Timed]:
        """Put a frame in, yuv420p; take out those that are ready."""
        if self._decided:
            return [(tick, self._cropped(frame))]
        self._waiting.append((tick, frame))
        return self.flush() if len(self._waiting) == FRAMES else []

    def flush(self) -> list[Timed]:
        """Take out what is left."""
        if self._waiting:
            self._graph = _graph([frame for _, frame in self._waiting])
            self._decided = True
        ready = [(tick, self._cropped(frame)) for tick, frame in self._waiting]
        self._waiting.clear()
        return ready

    def _cropped(self, frame: av.VideoFrame) -> av.VideoFrame:
        if self._graph is None:
            return frame
        self._graph.vpush(frame)
        return self._graph.vpull()


def _graph(frames: list[av.VideoFrame]) -> Graph | None:
    """What crops frames to the picture within their bars, on even columns and rows; None where there are none."""
    height, width = frames[0].height, frames[0].width
    peak = np.max([_luma(frame) for frame in frames], axis=0)
    top, bottom, left, right = within(peak > BLACK)
    top, left = top + top % 2, left + left % 2
    rows, columns = (bottom - top) // 2 * 2, (right - left) // 2 * 2
    if (rows, columns) == (height, width):
        return None
    return chain(width, height, frames[0].format.name, (("crop", f"{columns}:{rows}:{left}:{top}"),))


def _luma(frame: av.VideoFrame) -> NDArray[np.float32]:
    """Brightness of every pixel of a yuv420p frame of limited range, 8 or 10 bits, 0 to 1: float32 [height, width]."""
    plane = frame.planes[0]
    deep = frame.format.components[0].bits > 8
    rows = np.frombuffer(bytes(plane), np.uint16 if deep else np.uint8).reshape(frame.height, -1)[:, : frame.width]
    return np.asarray((rows.astype(np.float32) / (4 if deep else 1) - 16) / 219, np.float32)


def _rows(lit: NDArray[np.bool_]) -> tuple[int, int]:
    """First row of the picture and the row behind its last one; all rows where there are no bars."""
    rows = np.flatnonzero(lit.mean(axis=1) > 1 - NEARLY_ALL)
    if not rows.size or rows[-1] + 1 - rows[0] < LEAST * len(lit):
        return 0, len(lit)
    first, end = int(rows[0]), int(rows[-1]) + 1
    columns = lit[first:end].any(axis=0)
    shares = lit[:, columns].mean(axis=1)
    starts = shares[first : first + 1 + EDGE].max() >= STRAIGHT
    ends = shares[max(end - 1 - EDGE, 0) : end].max() >= STRAIGHT
    return first if starts else 0, end if ends else len(lit)
