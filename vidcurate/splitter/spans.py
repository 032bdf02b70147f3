"""From shots to the stretches of time that become clips: the arithmetic of max_length, crop and min_length.

Everything is measured on presentation timestamps, in whole ticks and exact fractions, so that a length is honoured at
any frame rate, constant or not, and no rounding moves a border by a frame.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from vidcurate.records import Shot, Span
from vidcurate.splitter.base import Splitter


@dataclass(frozen=True, slots=True)
class Pieces:
    """What the shots of one video yield.

    Attributes:
        spans: the clips, rising and disjoint.
        too_short: how many pieces `crop` or `min_length` took.
    """

    spans: tuple[Span, ...]
    too_short: int


def spans(
    shots: Iterable[Shot],
    ticks: NDArray[np.int64],
    *,
    end: int,
    time_base: Fraction,
    origin: int,
    splitter: Splitter,
) -> Pieces:
    """Cut long shots, trim what is left, drop what is short, in this order.

    A piece ends at the first frame that is shown `max_length` or more after its start, and the next one begins there;
    what remains of the shot is a piece too. At either end at least `crop` goes, up to the next frame.

    Args:
        shots: runs of frames, rising and disjoint.
        ticks: int64 [n], timestamps of all frames of the video in ticks of `time_base`, strictly rising.
        end: the tick at which the last frame ends.
        time_base: seconds per tick.
        origin: the tick that players show as 0 s.
        splitter: the lengths.

    Source: `max_length` and `crop` act in the order of cosmos-curate 1.4 (`transnetv2_extraction_stages.py`, mode
    `stride`), which counts frames at a nominal rate instead.
    """
    borders = [*ticks.tolist(), end]
    max_ticks = None if splitter.max_length is None else _ticks(splitter.max_length, time_base)
    min_ticks, crop_ticks = _ticks(splitter.min_length, time_base), _ticks(splitter.crop, time_base)
    kept: list[Span] = []
    too_short = 0
    for piece in (piece for shot in shots for piece in _cut(borders, shot, max_ticks)):
        first, last = _trim(borders, piece, crop_ticks)
        if first < last and borders[last] - borders[first] >= min_ticks:
            kept.append(Span(start=borders[first], end=borders[last], time_base=time_base, origin=origin))
        else:
            too_short += 1
    return Pieces(tuple(kept), too_short)


def _ticks(seconds: float, time_base: Fraction) -> int:
    """The fewest ticks that last this long; 0.1 means one tenth, not the float beside it."""
    return math.ceil(Fraction(repr(seconds)) / time_base)


def _cut(borders: list[int], shot: Shot, max_ticks: int | None) -> Iterator[Shot]:
    start = shot.start
    if max_ticks is not None:
        while (stop := bisect_left(borders, borders[start] + max_ticks)) < shot.end:
            yield Shot(start, stop)
            start = stop
    yield Shot(start, shot.end)


def _trim(borders: list[int], piece: Shot, crop_ticks: int) -> tuple[int, int]:
    """Indices of the borders between which a piece lies once cropped; the second is not greater if nothing is left."""
    first = bisect_left(borders, borders[piece.start] + crop_ticks)
    last = bisect_right(borders, borders[piece.end] - crop_ticks) - 1
    return first, last
