"""From shots to the stretches of time that become clips: the arithmetic of lengths.

Everything is measured on presentation timestamps, in whole ticks and exact fractions, so that a length is honoured at
any frame rate, constant or not, and no rounding moves a border by a frame.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

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
    """Merge short shots if asked to, cut long ones, trim what is left, drop what is short, in this order.

    A piece ends at the first frame that is shown `max_length` or more after its start, and the next one begins there;
    what remains of the shot is a piece too, or goes if `max_mode` is `truncate`. If it is `even`, a shot becomes so
    many pieces that its length divided by their number is no more than `max_length`, and each begins at the first frame
    that is not earlier than its share. At either end at least `crop` goes, up to the next frame.

    Args:
        shots: runs of frames, rising and disjoint.
        ticks: int64 [n], timestamps of all frames of the video in ticks of `time_base`, strictly rising.
        end: the tick at which the last frame ends.
        time_base: seconds per tick.
        origin: the tick that players show as 0 s.
        splitter: the lengths.

    Source: `max_length` and `crop` act in the order of cosmos-curate 1.4 (`transnetv2_extraction_stages.py`, modes
    `stride` and `truncate`), which counts frames at a nominal rate instead.
    """
    borders = [*ticks.tolist(), end]
    max_ticks = None if splitter.max_length is None else _ticks(splitter.max_length, time_base)
    min_ticks, crop_ticks = _ticks(splitter.min_length, time_base), _ticks(splitter.crop, time_base)
    kept: list[Span] = []
    too_short = 0
    if splitter.on_short == "merge":
        shots = _merge(borders, shots, min_ticks)
    for piece in (piece for shot in shots for piece in _cut(borders, shot, max_ticks, splitter.max_mode)):
        first, last = _trim(borders, piece, crop_ticks)
        if first < last and borders[last] - borders[first] >= min_ticks:
            kept.append(Span(start=borders[first], end=borders[last], time_base=time_base, origin=origin))
        else:
            too_short += 1
    return Pieces(tuple(kept), too_short)


def _ticks(seconds: float, time_base: Fraction) -> int:
    """The fewest ticks that last this long; 0.1 means one tenth, not the float beside it."""
    return math.ceil(Fraction(repr(seconds)) / time_base)


def _merge(borders: list[int], shots: Iterable[Shot], min_ticks: int) -> list[Shot]:
    """Join each short shot, from left to right, with the shorter shot that it touches; of equals, with the earlier."""

    def length(shot: Shot) -> int:
        return borders[shot.end] - borders[shot.start]

    done: list[Shot] = []
    left = list(shots)[::-1]
    while left:
        shot = left.pop()
        before = done[-1] if done and done[-1].end == shot.start else None
        after = left[-1] if left and left[-1].start == shot.end else None
        if length(shot) >= min_ticks or (before is None and after is None):
            done.append(shot)
        elif after is None or (before is not None and length(before) <= length(after)):
            left.append(Shot(done.pop().start, shot.end))
        else:
            left.append(Shot(shot.start, left.pop().end))
    return done


def _cut(
    borders: list[int], shot: Shot, max_ticks: int | None, mode: Literal["stride", "even", "truncate"]
) -> Iterator[Shot]:
    if max_ticks is None:
        yield shot
    elif mode == "even":
        yield from _even(borders, shot, max_ticks)
    else:
        start = shot.start
        while (stop := bisect_left(borders, borders[start] + max_ticks)) < shot.end:
            yield Shot(start, stop)
            if mode == "truncate":
                return
            start = stop
        yield Shot(start, shot.end)


def _even(borders: list[int], shot: Shot, max_ticks: int) -> Iterator[Shot]:
    begin = borders[shot.start]
    total = borders[shot.end] - begin
    pieces = -(-total // max_ticks)
    start = shot.start
    # A frame belongs to the piece in whose share it begins; a share in which none does is no piece.
    for left, right in pairwise(range(shot.start, shot.end)):
        if (borders[left] - begin) * pieces // total != (borders[right] - begin) * pieces // total:
            yield Shot(start, right)
            start = right
    yield Shot(start, shot.end)


def _trim(borders: list[int], piece: Shot, crop_ticks: int) -> tuple[int, int]:
    """Indices of the borders between which a piece lies once cropped; the second is not greater if nothing is left."""
    first = bisect_left(borders, borders[piece.start] + crop_ticks)
    last = bisect_right(borders, borders[piece.end] - crop_ticks) - 1
    return first, last
