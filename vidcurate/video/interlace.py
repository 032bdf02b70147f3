"""Whole pictures out of interlaced frames, as many as there were, by FFmpeg's bwdif."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Literal

import av
from av.filter import Graph

Policy = Literal["auto", "keep", "deinterlace"]
"""Frames that say they are interlaced, none, or all of them."""

Picture = tuple[int, av.VideoFrame]
"""Timestamp in ticks of the video's time base, and the frame."""


class Progressive:
    """Deinterlaces the frames of one clip in order; each may come out one frame later.

    Args:
        policy: which frames.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._ticks: deque[int] = deque()  # of frames that are in the graph
        self._graph: Graph | None = None
        self._form: tuple[int, int, str] | None = None

    def push(self, tick: int, frame: av.VideoFrame) -> list[Picture]:
        """Put a frame in; take those out that are ready."""
        if self._graph is None and not self._is_wanted(frame):
            return [(tick, frame)]
        form = (frame.width, frame.height, frame.format.name)
        before = self.flush() if form != self._form else []
        if self._graph is None:
            self._form, self._graph = form, _graph(frame, self._policy)
        self._ticks.append(tick)
        # Those of broken sources may not rise, as the filter needs it; others use the frame, so it gets its own back.
        told, frame.pts = frame.pts, tick
        self._graph.vpush(frame)
        frame.pts = told
        return before + self._pull()

    def flush(self) -> list[Picture]:
        """Take out what is left."""
        if self._graph is None:
            return []
        self._graph.vpush(None)
        rest, self._graph = self._pull(), None
        return rest

    def _is_wanted(self, frame: av.VideoFrame) -> bool:
        return self._policy == "deinterlace" or (self._policy == "auto" and bool(frame.interlaced_frame))

    def _pull(self) -> list[Picture]:
        pictures: list[Picture] = []
        while self._graph is not None and self._ticks:
            try:
                pictures.append((self._ticks[0], self._graph.vpull()))
            except (BlockingIOError, EOFError):
                break
            self._ticks.popleft()
        return pictures


def _graph(frame: av.VideoFrame, policy: Policy) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1))
    which = "all" if policy == "deinterlace" else "interlaced"
    graph.link_nodes(source, graph.add("bwdif", f"send_frame:auto:{which}"), graph.add("buffersink")).configure()
    return graph
