"""From HDR to SDR: PQ (HDR10) and HLG pictures as BT.709, tone-mapped by swscale as FFmpeg 8 brings it."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import av
from av.filter import Graph

HDR_CURVES = frozenset({16, 18})
"""The `AVColorTransferCharacteristic` values of PQ and HLG."""

GRAPHS = 8
"""Graphs that are kept: the detector and every sampling have a size of their own, and take turns."""

_TO_709 = "out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709:out_range=tv"


@lru_cache(maxsize=4)
def tone_mapper(pixel_format: str) -> Sdr:
    """One per process and pixel format: swscale takes seconds to build its table."""
    return Sdr(pixel_format)


def is_hdr(frame: av.VideoFrame) -> bool:
    """Whether a frame says that it is in PQ or HLG."""
    return int(frame.color_trc) in HDR_CURVES


class Sdr:
    """Tone-maps frames; a graph for each of the forms in which they came last.

    Args:
        pixel_format: FFmpeg's name of what comes out, e.g. `yuv420p` or `rgb24`.
    """

    def __init__(self, pixel_format: str) -> None:
        self._pixel_format = pixel_format
        self._graphs: dict[tuple[object, ...], Graph] = {}

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """A frame of the same size, BT.709, limited range."""
        form = (frame.width, frame.height, frame.format.name, frame.color_trc, frame.color_primaries, frame.colorspace)
        graph = self._graphs.pop(form, None) or _graph(frame, self._pixel_format)  # no other thread has it meanwhile
        graph.vpush(frame)
        mapped = graph.vpull()
        self._graphs[form] = graph
        if len(self._graphs) > GRAPHS:
            self._graphs.pop(next(iter(self._graphs)), None)
        return mapped


def _graph(frame: av.VideoFrame, pixel_format: str) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1))
    chain = (graph.add("scale", _TO_709), graph.add("format", pixel_format), graph.add("buffersink"))
    graph.link_nodes(source, *chain).configure()
    return graph
