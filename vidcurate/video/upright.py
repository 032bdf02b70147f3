"""From decoded frames to what a clip's encoder takes: upright, square pixels, even sides, yuv420p of 8 bit."""

from __future__ import annotations

from fractions import Fraction

import av
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from vidcurate.errors import EncodeError
from vidcurate.records import VideoInfo

MIN_SIDE = 2
"""Pixels: libx264 takes every even size from 2x2 on."""

Filter = tuple[str, str | None]
"""Name and arguments of one of FFmpeg's filters."""

_TURNS: dict[int, tuple[Filter, ...]] = {
    0: (),
    90: (("transpose", "cclock"),),
    180: (("hflip", None), ("vflip", None)),
    270: (("transpose", "clock"),),
}


class Upright:
    """Brings frames of one video to its display size, which loses its last column or row where that is odd.

    Attributes:
        width: of the frames that come out.
        height: likewise.

    Args:
        info: of the video.

    Raises:
        EncodeError: a side is shorter than `MIN_SIDE`.
    """

    def __init__(self, info: VideoInfo) -> None:
        self.width, self.height = info.width // 2 * 2, info.height // 2 * 2
        if min(self.width, self.height) < MIN_SIDE:
            raise EncodeError(
                f"a picture of {info.width}x{info.height} is too small for H.264, which needs {MIN_SIDE} pixels a side"
            )
        shown = (info.width, info.height)
        self._stored = shown[::-1] if info.rotation in (90, 270) else shown
        self._scaler = VideoReformatter()
        crop = () if shown == (self.width, self.height) else (("crop", f"{self.width}:{self.height}:0:0"),)
        self._graph = _graph(*self._stored, (*_TURNS[info.rotation], *crop))

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """One frame: yuv420p, limited range, the colour tags of the source."""
        if not self._is_fit(frame):
            # swscale's own choice of matrix for RGB, said aloud so that players choose the same.
            matrix = Colorspace.ITU601 if frame.format.is_rgb else None
            frame = self._scaler.reformat(
                frame, *self._stored, "yuv420p", dst_colorspace=matrix, dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.BICUBIC, threads=1,
            )  # fmt: skip
        if self._graph is not None:
            self._graph.vpush(frame)
            frame = self._graph.vpull()
        return frame

    def _is_fit(self, frame: av.VideoFrame) -> bool:
        stored = (frame.width, frame.height) == self._stored
        return stored and frame.format.name == "yuv420p" and frame.color_range != ColorRange.JPEG


def _graph(width: int, height: int, filters: tuple[Filter, ...]) -> Graph | None:
    if not filters:
        return None
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(width=width, height=height, format=VideoFormat("yuv420p"), time_base=Fraction(1))
    graph.link_nodes(source, *(graph.add(*entry) for entry in filters), graph.add("buffersink")).configure()
    return graph
