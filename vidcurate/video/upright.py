"""From decoded frames to what a clip's encoder takes: upright, square pixels, even sides, yuv420p of 8 or 10 bit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from vidcurate.errors import EncodeError
from vidcurate.records import VideoInfo
from vidcurate.video.sdr import is_hdr, tone_mapper

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is asked of the frames of a clip.

    Attributes:
        short_side: pixels that the shorter side has at most; None leaves it.
        depth: 8 bits, or `keep` those of the source, as 10 where it has more than 8.
        hdr: `keep` PQ and HLG pictures as they are, or make them `sdr` (BT.709).
    """

    short_side: int | None = None
    depth: Literal[8, "keep"] = 8
    hdr: Literal["keep", "sdr"] = "keep"


class Upright:
    """Brings frames of one video to its display size or less; that loses its last column or row where it is odd.

    Attributes:
        width: of the frames that come out.
        height: likewise.
        pixel_format: likewise, `yuv420p` or `yuv420p10le`.

    Args:
        info: of the video.
        form: what else is asked of them.

    Raises:
        EncodeError: a side is shorter than `MIN_SIDE`.
    """

    def __init__(self, info: VideoInfo, form: Form = Form()) -> None:
        shown, short = (info.width, info.height), min(info.width, info.height)
        if form.short_side is not None and form.short_side < short:
            width, height = (round(side * form.short_side / short / 2) * 2 for side in shown)
            shown = max(MIN_SIDE, width), max(MIN_SIDE, height)
        self.width, self.height = (side // 2 * 2 for side in shown)
        if min(self.width, self.height) < MIN_SIDE:
            raise EncodeError(
                f"a picture of {info.width}x{info.height} is too small for H.264, which needs {MIN_SIDE} pixels a side"
            )
        deep = form.depth == "keep" and _bits(info.pixel_format) > 8
        self.pixel_format = "yuv420p10le" if deep else "yuv420p"
        self._sdr = tone_mapper(self.pixel_format) if form.hdr == "sdr" else None
        self._stored = shown[::-1] if info.rotation in (90, 270) else shown
        self._scaler = VideoReformatter()
        crop = () if shown == (self.width, self.height) else (("crop", f"{self.width}:{self.height}:0:0"),)
        filters = (*_TURNS[info.rotation], *crop)
        self._graph = chain(*self._stored, self.pixel_format, filters) if filters else None

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """One frame: `pixel_format`, limited range, the colour tags of the source or those of BT.709."""
        if self._sdr is not None and is_hdr(frame):
            frame = self._sdr(frame)
        if not self._is_fit(frame):
            # swscale's own choice of matrix for RGB, said aloud so that players choose the same.
            matrix = Colorspace.ITU601 if frame.format.is_rgb else None
            frame = self._scaler.reformat(
                frame, *self._stored, self.pixel_format, dst_colorspace=matrix, dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.BICUBIC, threads=1,
            )  # fmt: skip
        if self._graph is not None:
            self._graph.vpush(frame)
            frame = self._graph.vpull()
        return frame

    def _is_fit(self, frame: av.VideoFrame) -> bool:
        stored = (frame.width, frame.height) == self._stored
        return stored and frame.format.name == self.pixel_format and frame.color_range != ColorRange.JPEG


def _bits(pixel_format: str) -> int:
    components = VideoFormat(pixel_format).components if pixel_format else ()
    return max((component.bits for component in components), default=8)


def chain(width: int, height: int, pixel_format: str, filters: tuple[Filter, ...]) -> Graph:
    """FFmpeg's filters one after the other, for frames of one form."""
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(width=width, height=height, format=VideoFormat(pixel_format), time_base=Fraction(1))
    graph.link_nodes(source, *(graph.add(*entry) for entry in filters), graph.add("buffersink")).configure()
    return graph
