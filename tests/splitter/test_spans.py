"""Lengths in seconds on the timestamps of frames, and what cosmos-curate 1.4's own tests expect of the same settings.

Left out of theirs, because our options do not express it: strides other than the length, and truncation to max_length.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcurate.records import Shot, Span
from vidcurate.splitter.fixed import Fixed
from vidcurate.splitter.spans import Pieces, spans
from vidcurate.splitter.whole import Whole


def cut(*shots: tuple[int, int], ticks=None, end=None, time_base=Fraction(1), **lengths: float | None) -> Pieces:
    """Spans of shots of a video, of one frame a second unless `ticks` says otherwise."""
    ticks = np.arange(1000) if ticks is None else np.asarray(ticks)
    splitter = Whole(**lengths)
    return spans(
        [Shot(*shot) for shot in shots],
        ticks,
        end=int(ticks[-1] + 1) if end is None else end,
        time_base=time_base,
        origin=0,
        splitter=splitter,
    )


def pairs(pieces: Pieces) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in pieces.spans]


# test_transnetv2_extraction.py of cosmos-curate, spans by length.
@pytest.mark.parametrize(
    ("shot", "lengths", "expected"),
    [
        ((0, 100), {"max_length": 30, "min_length": 10}, [(0, 30), (30, 60), (60, 90), (90, 100)]),
        ((0, 95), {"max_length": 30, "min_length": 10}, [(0, 30), (30, 60), (60, 90)]),
        ((0, 95), {"max_length": 30}, [(0, 30), (30, 60), (60, 90), (90, 95)]),
        ((10, 10), {"max_length": 30}, []),
    ],
)
def test_long_shots_are_cut_into_pieces_and_the_rest_is_a_piece_too(shot, lengths, expected):
    assert pairs(cut(shot, **lengths)) == expected


# test_transnetv2_extraction.py of cosmos-curate, filters on scenes.
@pytest.mark.parametrize(
    ("shots", "lengths", "expected"),
    [
        ([(0, 30), (30, 90), (90, 150)], {"min_length": 40}, [(30, 90), (90, 150)]),
        ([(0, 30), (30, 90)], {"crop": 5}, [(5, 25), (35, 85)]),
        ([(0, 8), (10, 18)], {"crop": 5}, []),
    ],
)
def test_short_shots_are_dropped_and_both_ends_are_cropped(shots, lengths, expected):
    assert pairs(cut(*shots, **lengths)) == expected


# test_fixed_stride_extraction.py of cosmos-curate; 3 s without overlap and the 9 s are computed by hand.
@pytest.mark.parametrize(
    ("length", "min_length", "seconds", "clips"), [(10, 10, 30, 3), (5, 5, 30, 6), (3, 3, 30, 10), (10, 10, 9, 0)]
)
def test_fixed_clips_fill_the_video(length, min_length, seconds, clips):
    ticks, splitter = np.arange(25 * seconds), Fixed(length=length, min_length=min_length)
    shots = splitter.load("cpu")((tick / 25, np.empty((0, 0, 3), np.uint8)) for tick in ticks)

    pieces = spans(shots, ticks, end=25 * seconds, time_base=Fraction(1, 25), origin=0, splitter=splitter)

    assert len(pieces.spans) == clips


def test_lengths_act_in_the_order_max_length_crop_min_length():
    pieces = cut((0, 25), max_length=10, crop=2, min_length=6)

    # Pieces 0-10, 10-20, 20-25; cropped to 2-8, 12-18, 22-23; the last is shorter than 6.
    assert pairs(pieces) == [(2, 8), (12, 18)]
    assert pieces.too_short == 1


def test_a_piece_ends_at_the_first_frame_that_is_not_earlier_than_its_length():
    pieces = cut((0, 6), ticks=[0, 3, 6, 9, 12, 15], end=18, max_length=10)

    assert pairs(pieces) == [(0, 12), (12, 18)]


def test_a_crop_takes_at_least_what_was_asked_for_at_both_ends():
    pieces = cut((0, 6), ticks=[0, 3, 6, 9, 12, 15], end=18, crop=4)

    assert pairs(pieces) == [(6, 12)]


def test_seconds_are_measured_on_timestamps_where_the_frame_rate_varies():
    # 10 frames in the first second, then one a second: a count of frames would be wrong by a factor of ten.
    ticks = [*range(0, 1000, 100), 1000, 2000, 3000, 4000]
    pieces = cut((0, 14), ticks=ticks, end=5000, time_base=Fraction(1, 1000), max_length=2)

    assert pairs(pieces) == [(0, 2000), (2000, 4000), (4000, 5000)]


@pytest.mark.parametrize("length", [0.1, 0.3, 0.7, 1.1])
def test_decimal_lengths_are_exact_on_decimal_frame_rates(length):
    pieces = cut((0, 1000), time_base=Fraction(1, 10), end=1000, max_length=length)

    # 0.7 / 0.1 is 6.999... in floats.
    assert {span.end - span.start for span in pieces.spans[:-1]} == {round(length * 10)}


def test_sixty_seconds_at_ntsc_rate_are_1799_frames_and_the_first_beyond():
    # 30000/1001 fps: frame 1798 is shown at 59.993 s, frame 1799 at 60.027 s.
    ticks = np.arange(4000) * 1001
    pieces = cut((0, 4000), ticks=ticks, end=4000 * 1001, time_base=Fraction(1, 30000), max_length=60)

    assert pairs(pieces)[0] == (0, 1799 * 1001)


def test_a_clip_of_exactly_the_least_length_is_kept():
    assert pairs(cut((0, 2), min_length=2)) == [(0, 2)]
    assert pairs(cut((0, 2), min_length=2.000001)) == []


def test_the_last_shot_ends_where_the_last_frame_ends():
    pieces = cut((0, 2), (2, 3), ticks=[0, 40, 80], end=1080, time_base=Fraction(1, 1000))

    assert pairs(pieces) == [(0, 80), (80, 1080)]


def test_frames_between_shots_belong_to_no_clip():
    assert pairs(cut((0, 10), (14, 20))) == [(0, 10), (14, 20)]


def test_spans_carry_the_clock_of_their_video():
    ticks = np.array([900, 990])
    splitter = Whole()

    (span,) = spans([Shot(0, 2)], ticks, end=1080, time_base=Fraction(1, 90), origin=900, splitter=splitter).spans

    assert span == Span(start=900, end=1080, time_base=Fraction(1, 90), origin=900)
    assert (span.start_s, span.end_s) == (0.0, 2.0)


def test_no_shots_give_no_spans():
    assert cut() == Pieces((), 0)


@given(
    steps=st.lists(st.integers(1, 50), min_size=1, max_size=60),
    max_length=st.none() | st.floats(0.01, 100),
    crop=st.floats(0, 20),
    min_length=st.floats(0, 50),
)
def test_whatever_the_lengths_spans_lie_on_frames_rise_and_are_not_short(steps, max_length, crop, min_length):
    borders = np.concatenate([[0], np.cumsum(steps)])
    lengths = {"max_length": max_length, "crop": crop, "min_length": min_length}
    pieces = cut((0, len(steps)), ticks=borders[:-1], end=int(borders[-1]), time_base=Fraction(1, 10), **lengths)

    assert all(span.start in borders and span.end in borders for span in pieces.spans)
    assert all(span.end - span.start >= max(min_length * 10 - 1e-6, 1) for span in pieces.spans)
    assert all(left.end <= right.start for left, right in pairwise(pieces.spans))
    if crop == min_length == 0:
        assert [pieces.spans[0].start, pieces.spans[-1].end] == [0, borders[-1]]
        assert all(left.end == right.start for left, right in pairwise(pieces.spans))
