from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from vidcurate.errors import DecodeError
from vidcurate.records import Clip, Span
from vidcurate.video.timing import Timing


def timing(ticks: list[int], time_base: Fraction) -> Timing:
    """Of a clip whose last tick is its end."""
    return Timing(np.array(ticks, np.int64), time_base)


def test_a_clip_has_the_frames_in_its_half_open_span_and_its_end():
    clip = Clip.of("v", Span(start=20, end=40, time_base=Fraction(1, 25)))
    found = Timing.of(clip, np.array([0, 10, 20, 30, 40, 50]))

    assert found.ticks.tolist() == [20, 30, 40]
    assert found.num_frames == 2
    assert found.times.tolist() == [0, 0.4]
    assert found.fps == Fraction(5, 2)


def test_a_clip_between_two_frames_is_an_error_that_names_its_seconds():
    clip = Clip.of("v", Span(start=25, end=30, time_base=Fraction(1, 25)))

    with pytest.raises(DecodeError, match=r"no frame between 1\.0 s and 1\.2 s"):
        Timing.of(clip, np.array([0, 10, 20, 30]))


@pytest.mark.parametrize(
    ("time_base", "clock"),
    [
        (Fraction(1, 30000), 30000),
        (Fraction(1, 90000), 90000),
        (Fraction(1001, 24000), 24000),
        (Fraction(1, 25), 12800),
        (Fraction(1, 1000), 16000),
        (Fraction(1, 10**9), 90000),
        (Fraction(1, 23_040_000), 90000),
    ],
)
def test_a_clip_keeps_the_clock_of_its_source_where_mp4_can(time_base, clock):
    assert timing([0, 1], time_base).clock == clock


def test_timestamps_in_the_file_are_exact_where_the_clock_is_kept():
    assert timing([7, 8, 10], Fraction(1001, 24000)).stamps.tolist() == [0, 1001, 3003]


def test_timestamps_of_a_fine_clock_are_rounded():
    # 33,333,333 ns are 2999.99997 ticks of 90 kHz
    assert timing([5, 33_333_338, 66_666_671], Fraction(1, 10**9)).stamps.tolist() == [0, 3000, 6000]


def test_timestamps_that_round_to_the_same_tick_still_rise():
    assert timing([0, 1, 2, 20_000], Fraction(1, 10**9)).stamps.tolist() == [0, 1, 2, 3]


def test_samples_begin_at_or_after_their_border():
    # 1001/24000 s at 48 kHz are 2002 samples; 1/30 s at 44.1 kHz are 1470; 1/29 s are 1520.69
    assert timing([0, 1, 2], Fraction(1001, 24000)).samples(48000).tolist() == [0, 2002, 4004]
    assert timing([-1, 0, 1], Fraction(1, 29)).samples(44100).tolist() == [-1520, 0, 1521]
