"""Lengths in seconds on the timestamps of frames, and what cosmos-curate 1.4's own tests expect of the same settings.

Left out of theirs, because our options do not express it: strides other than the length.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.splitter.scenes import found
from vidcurate.records import Shot
from vidcurate.splitter.fixed import Fixed
from vidcurate.splitter.spans import pieces
from vidcurate.splitter.whole import Whole

Pair = tuple[int, int]


def cut(*shots: Pair, ticks=None, end=None, time_base=Fraction(1), **lengths: float | str | None) -> list[Pair]:
    """Borders of the clips of a video, of one frame a second unless `ticks` says otherwise."""
    borders = [*(range(1000) if ticks is None else (int(tick) for tick in ticks))]
    borders.append(borders[-1] + 1 if end is None else end)
    told = pieces([Shot(*shot) for shot in shots], borders, time_base, Whole(**lengths))
    return [(borders[piece.start], borders[piece.end]) for piece in told if not piece.open]


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
    assert (cut(shot, **lengths)) == expected


# test_transnetv2_extraction.py of cosmos-curate, filters on scenes.
@pytest.mark.parametrize(
    ("shots", "lengths", "expected"),
    [
        ([(0, 30), (30, 90), (90, 150)], {"min_length": 40}, [(30, 90), (90, 150)]),
        ([(0, 30), (30, 90), (90, 150)], {"max_length": 50, "max_mode": "truncate"}, [(0, 30), (30, 80), (90, 140)]),
        ([(0, 30), (30, 90)], {"crop": 5}, [(5, 25), (35, 85)]),
        ([(0, 8), (10, 18)], {"crop": 5}, []),
    ],
)
def test_short_shots_are_dropped_long_ones_truncated_and_both_ends_are_cropped(shots, lengths, expected):
    assert (cut(*shots, **lengths)) == expected


# test_fixed_stride_extraction.py of cosmos-curate; 3 s without overlap and the 9 s are computed by hand.
@pytest.mark.parametrize(
    ("length", "min_length", "seconds", "clips"), [(10, 10, 30, 3), (5, 5, 30, 6), (3, 3, 30, 10), (10, 10, 9, 0)]
)
def test_fixed_clips_fill_the_video(length, min_length, seconds, clips):
    splitter, borders = Fixed(length=length, min_length=min_length), range(25 * seconds + 1)
    shots = found(splitter, ((tick / 25, np.empty((0, 0, 3), np.uint8)) for tick in borders[:-1]))

    assert sum(not piece.open for piece in pieces(shots, borders, Fraction(1, 25), splitter)) == clips


def test_lengths_act_in_the_order_max_length_crop_min_length():
    clips = cut((0, 25), max_length=10, crop=2, min_length=6)

    # Pieces 0-10, 10-20, 20-25; cropped to 2-8, 12-18, 22-23; the last is shorter than 6.
    assert clips == [(2, 8), (12, 18)]


def test_a_piece_ends_at_the_first_frame_that_is_not_earlier_than_its_length():
    clips = cut((0, 6), ticks=[0, 3, 6, 9, 12, 15], end=18, max_length=10)

    assert clips == [(0, 12), (12, 18)]


def test_a_crop_takes_at_least_what_was_asked_for_at_both_ends():
    clips = cut((0, 6), ticks=[0, 3, 6, 9, 12, 15], end=18, crop=4)

    assert clips == [(6, 12)]


def test_seconds_are_measured_on_timestamps_where_the_frame_rate_varies():
    # 10 frames in the first second, then one a second: a count of frames would be wrong by a factor of ten.
    ticks = [*range(0, 1000, 100), 1000, 2000, 3000, 4000]
    clips = cut((0, 14), ticks=ticks, end=5000, time_base=Fraction(1, 1000), max_length=2)

    assert clips == [(0, 2000), (2000, 4000), (4000, 5000)]


@pytest.mark.parametrize("length", [0.1, 0.3, 0.7, 1.1])
def test_decimal_lengths_are_exact_on_decimal_frame_rates(length):
    clips = cut((0, 1000), time_base=Fraction(1, 10), end=1000, max_length=length)

    # 0.7 / 0.1 is 6.999... in floats.
    assert {end - start for start, end in clips[:-1]} == {round(length * 10)}


def test_sixty_seconds_at_ntsc_rate_are_1799_frames_and_the_first_beyond():
    # 30000/1001 fps: frame 1798 is shown at 59.993 s, frame 1799 at 60.027 s.
    ticks = np.arange(4000) * 1001
    clips = cut((0, 4000), ticks=ticks, end=4000 * 1001, time_base=Fraction(1, 30000), max_length=60)

    assert clips[0] == (0, 1799 * 1001)


def test_a_clip_of_exactly_the_least_length_is_kept():
    assert (cut((0, 2), min_length=2)) == [(0, 2)]
    assert (cut((0, 2), min_length=2.000001)) == []


def test_the_last_shot_ends_where_the_last_frame_ends():
    clips = cut((0, 2), (2, 3), ticks=[0, 40, 80], end=1080, time_base=Fraction(1, 1000))

    assert clips == [(0, 80), (80, 1080)]


def test_frames_between_shots_belong_to_no_clip():
    assert (cut((0, 10), (14, 20))) == [(0, 10), (14, 20)]


def test_no_shots_give_no_clips():
    assert cut() == []


@pytest.mark.parametrize(
    ("shot", "max_length", "expected"),
    [
        ((0, 95), 30, [(0, 24), (24, 48), (48, 72), (72, 95)]),  # 4 pieces of 23.75, each from the next frame on
        ((10, 70), 30, [(10, 40), (40, 70)]),
        ((0, 30), 30, [(0, 30)]),
        ((0, 3), 0.5, [(0, 1), (1, 2), (2, 3)]),  # 6 shares, in 3 of which no frame begins
        ((5, 5), 30, []),
    ],
)
def test_even_pieces_are_as_few_as_fit(shot, max_length, expected):
    assert (cut(shot, max_length=max_length, max_mode="even")) == expected


def test_even_pieces_are_equal_in_time_where_the_frame_rate_varies():
    # 10 frames in the first second, then one a second: 5 s in two pieces of 2.5 s; the next frame begins at 3 s.
    ticks = [*range(0, 1000, 100), 1000, 2000, 3000, 4000]
    clips = cut((0, 14), ticks=ticks, end=5000, time_base=Fraction(1, 1000), max_length=4, max_mode="even")

    assert clips == [(0, 3000), (3000, 5000)]


@pytest.mark.parametrize(
    ("shots", "expected"),
    [
        ([(0, 20), (20, 25), (25, 40)], [(0, 20), (20, 40)]),  # the shorter neighbour is 25-40
        ([(0, 15), (15, 20), (20, 40)], [(0, 20), (20, 40)]),
        ([(0, 20), (20, 25), (25, 45)], [(0, 25), (25, 45)]),  # equals: the earlier
        ([(0, 5), (5, 40)], [(0, 40)]),  # at either end of the video
        ([(0, 40), (40, 45)], [(0, 45)]),
        ([(0, 4), (4, 8), (8, 12), (12, 40)], [(0, 12), (12, 40)]),  # until it is long enough
        ([(0, 12), (14, 18), (18, 40)], [(0, 12), (14, 40)]),  # 12 and 13 are a transition: the shots do not touch
        ([(0, 20), (22, 26), (28, 50)], [(0, 20), (28, 50)]),
        ([(0, 4), (4, 8)], []),  # all that there is, and short still
    ],
)
def test_a_short_shot_is_merged_with_the_shorter_shot_that_it_touches(shots, expected):
    assert (cut(*shots, min_length=10, on_short="merge")) == expected


def test_short_shots_are_merged_before_long_ones_are_cut():
    clips = cut((0, 28), (28, 34), min_length=10, max_length=20, on_short="merge")

    # Merged to 0-34, cut to 0-20 and 20-34; cut first, 20-28 and 28-34 would both be short.
    assert clips == [(0, 20), (20, 34)]


def test_a_short_rest_is_dropped_even_where_short_shots_are_merged():
    clips = cut((0, 25), min_length=10, max_length=20, on_short="merge")

    assert clips == [(0, 20)]


@given(steps=st.lists(st.integers(1, 50), min_size=1, max_size=60), max_length=st.floats(0.01, 100))
def test_even_pieces_cover_their_shot_and_are_longer_than_max_length_by_less_than_a_frame(steps, max_length):
    borders = np.concatenate([[0], np.cumsum(steps)])
    clips = cut(
        (0, len(steps)), ticks=borders[:-1], end=int(borders[-1]), time_base=Fraction(1, 1000),
        max_length=max_length / 10, max_mode="even",
    )  # fmt: skip

    assert [clips[0][0], clips[-1][1]] == [0, borders[-1]]
    assert all(left[1] == right[0] for left, right in pairwise(clips))
    assert all(end - start < max_length * 100 + 1 + max(steps) for start, end in clips)


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=20), min_length=st.integers(0, 40))
def test_merging_loses_no_frame_of_shots_that_touch_unless_all_are_short(lengths, min_length):
    borders = [0, *np.cumsum(lengths).tolist()]
    clips = cut(*pairwise(borders), min_length=min_length, max_length=None, on_short="merge")

    assert sum(end - start for start, end in clips) == (borders[-1] if borders[-1] >= min_length else 0)
    assert all(end - start >= min_length for start, end in clips)


@given(
    steps=st.lists(st.integers(1, 50), min_size=1, max_size=60),
    max_length=st.none() | st.floats(0.01, 100),
    crop=st.floats(0, 20),
    min_length=st.floats(0, 50),
)
def test_whatever_the_lengths_spans_lie_on_frames_rise_and_are_not_short(steps, max_length, crop, min_length):
    borders = np.concatenate([[0], np.cumsum(steps)])
    lengths = {"max_length": max_length, "crop": crop, "min_length": min_length}
    clips = cut((0, len(steps)), ticks=borders[:-1], end=int(borders[-1]), time_base=Fraction(1, 10), **lengths)

    assert all(start in borders and end in borders for start, end in clips)
    assert all(end - start >= max(min_length * 10 - 1e-6, 1) for start, end in clips)
    assert all(left[1] <= right[0] for left, right in pairwise(clips))
    if crop == min_length == 0:
        assert [clips[0][0], clips[-1][1]] == [0, borders[-1]]
        assert all(left[1] == right[0] for left, right in pairwise(clips))


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=8),
    steps=st.integers(1, 9),
    gap=st.integers(0, 2),
    min_length=st.integers(0, 40),
    max_length=st.none() | st.integers(1, 60),
    crop=st.integers(0, 5),
    max_mode=st.sampled_from(["stride", "even", "truncate"]),
)
def test_what_is_told_on_the_way_is_what_a_look_at_whole_shots_gives(
    lengths, steps, gap, min_length, max_length, crop, max_mode
):
    splitter = Whole(min_length=min_length, max_length=max_length, crop=crop, max_mode=max_mode)
    shots, start = [], 0
    for length in lengths:
        shots.append(Shot(start, start + length))
        start += length + gap
    final = [*np.cumsum([1 + (7 * index) % 3 for index in range(start + 1)]).tolist()]
    known: list[int] = []

    def told():
        for shot in shots:
            for end in range(shot.start + 1, shot.end, steps):
                known[:] = final[:end]
                yield Shot(shot.start, end, open=True)
            known[:] = final[: shot.end + 1]
            yield shot

    on_the_way = list(pieces(told(), known, Fraction(1), splitter))
    clips = [piece for piece in on_the_way if not piece.open]

    assert clips == [piece for piece in pieces(shots, final, Fraction(1), splitter) if not piece.open]
    ahead = iter(clips)
    clip = next(ahead, None)
    for piece in on_the_way:  # nothing that was told is taken back
        if not piece.open:
            clip = next(ahead, None)
        elif piece.end > piece.start:
            assert clip is not None
            assert (piece.start, True) == (clip.start, piece.end <= clip.end)
        else:
            assert clip is None or piece.start <= clip.start
