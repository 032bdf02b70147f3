"""From shots to the stretches of time that become clips: the arithmetic of lengths.

Everything is measured on presentation timestamps, in whole ticks and exact fractions, so that a length is honoured at
any frame rate, constant or not, and no rounding moves a border by a frame.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from vidcurate.records import Shot
from vidcurate.splitter.base import Splitter


def pieces(shots: Iterable[Shot], borders: Sequence[int], time_base: Fraction, splitter: Splitter) -> Iterator[Shot]:
    """Merge short shots if asked to, cut long ones, trim what is left, drop what is short, in this order.

    A piece ends at the first frame that is shown `max_length` or more after its start, and the next one begins there;
    what remains of the shot is a piece too, or goes if `max_mode` is `truncate`. If it is `even`, a shot becomes so
    many pieces that its length divided by their number is no more than `max_length`, and each begins at the first frame
    that is not earlier than its share. At either end at least `crop` goes, up to the next frame.

    Args:
        shots: runs of frames, rising and disjoint, open ones among them.
        borders: timestamps of all frames in ticks of `time_base`, strictly rising, and the tick at which the last one
            ends. May still grow: whenever a shot comes, its frames must be there, and what follows it if it is closed.
        time_base: seconds per tick.
        splitter: the lengths.

    Yields:
        what becomes a clip: a closed piece when its end is known, and before that open ones, as soon as it is certain
        that it will be long enough. An empty one only says that no later piece begins before it.

    Source: `max_length` and `crop` act in the order of cosmos-curate 1.4 (`transnetv2_extraction_stages.py`, modes
    `stride` and `truncate`), which counts frames at a nominal rate instead.
    """
    max_ticks = None if splitter.max_length is None else _ticks(splitter.max_length, time_base)
    min_ticks, crop_ticks = _ticks(splitter.min_length, time_base), _ticks(splitter.crop, time_base)
    if splitter.on_short == "merge":
        shots = _merge(borders, shots, min_ticks)
    for piece in _cut_all(borders, shots, max_ticks, splitter.max_mode):
        first, last = _trim(borders, piece, crop_ticks)
        if first < last and borders[last] - borders[first] >= min_ticks:
            yield Shot(first, last, piece.open)
        elif piece.open:
            yield Shot(first, first, open=True)


def _ticks(seconds: float, time_base: Fraction) -> int:
    """The fewest ticks that last this long; 0.1 means one tenth, not the float beside it."""
    return math.ceil(Fraction(repr(seconds)) / time_base)


def _merge(borders: Sequence[int], shots: Iterable[Shot], min_ticks: int) -> list[Shot]:
    """Join each short shot, from left to right, with the shorter shot that it touches; of equals, with the earlier."""

    def length(shot: Shot) -> int:
        return borders[shot.end] - borders[shot.start]

    done: list[Shot] = []
    left = [shot for shot in shots if not shot.open][::-1]
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


def _cut_all(
    borders: Sequence[int],
    shots: Iterable[Shot],
    max_ticks: int | None,
    mode: Literal["stride", "even", "truncate"],
) -> Iterator[Shot]:
    """Pieces of all shots, each from where the last closed one of its shot has ended."""
    shot, done = -1, 0
    for seen in shots:
        if seen.start != shot:
            shot, done = seen.start, seen.start
        rest = Shot(done, seen.end, seen.open)
        if max_ticks is None:
            yield rest
        elif mode == "even":
            yield from [Shot(done, done, open=True)] if seen.open else _even(borders, rest, max_ticks)
        elif mode == "truncate":
            stop = bisect_left(borders, borders[shot] + max_ticks, hi=seen.end)
            if done == shot:
                yield Shot(shot, stop, seen.open and stop == seen.end)
            if stop < seen.end:  # the rest of the shot goes
                done = seen.end
                yield Shot(done, done, open=True)
        else:
            for piece in _strides(borders, rest, max_ticks):
                yield piece
                done = piece.start if piece.open else piece.end


def _strides(borders: Sequence[int], shot: Shot, max_ticks: int) -> Iterator[Shot]:
    start = shot.start
    while (stop := bisect_left(borders, borders[start] + max_ticks, hi=shot.end)) < shot.end:
        yield Shot(start, stop)
        start = stop
    yield Shot(start, shot.end, shot.open)


def _even(borders: Sequence[int], shot: Shot, max_ticks: int) -> Iterator[Shot]:
    begin = borders[shot.start]
    total = borders[shot.end] - begin
    number = -(-total // max_ticks)
    start = shot.start
    # A frame belongs to the piece in whose share it begins; a share in which none does is no piece.
    for left, right in pairwise(range(shot.start, shot.end)):
        if (borders[left] - begin) * number // total != (borders[right] - begin) * number // total:
            yield Shot(start, right)
            start = right
    yield Shot(start, shot.end)


def _trim(borders: Sequence[int], piece: Shot, crop_ticks: int) -> tuple[int, int]:
    """Indices of the borders between which a piece lies once cropped; the second is not greater if nothing is left.

    Of an open piece: the frames that will be left whatever follows.
    """
    if piece.start == piece.end:
        return piece.start, piece.end
    first = bisect_left(borders, borders[piece.start] + crop_ticks, hi=piece.end)
    end = piece.end - 1 if piece.open else piece.end  # the end of an open piece's last frame is not known
    last = bisect_right(borders, borders[end] - crop_ticks, hi=end + 1) - 1
    return first, last
