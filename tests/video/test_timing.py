from __future__ import annotations

from fractions import Fraction

import pytest

from vidcurate.video.timing import Timing


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
    assert Timing(0, time_base).clock == clock


def stamps(ticks: list[int], time_base: Fraction) -> list[int]:
    timing = Timing(ticks[0], time_base)
    return [timing.stamp(tick) for tick in ticks]


def test_timestamps_in_the_file_are_exact_where_the_clock_is_kept():
    assert stamps([7, 8, 10], Fraction(1001, 24000)) == [0, 1001, 3003]


def test_timestamps_of_a_fine_clock_are_rounded():
    # 33,333,333 ns are 2999.99997 ticks of 90 kHz
    assert stamps([5, 33_333_338, 66_666_671], Fraction(1, 10**9)) == [0, 3000, 6000]


def test_timestamps_that_round_to_the_same_tick_still_rise():
    assert stamps([0, 1, 2, 20_000], Fraction(1, 10**9)) == [0, 1, 2, 3]


def test_samples_begin_at_or_after_their_border():
    # 1001/24000 s at 48 kHz are 2002 samples; 1/30 s at 44.1 kHz are 1470; 1/29 s are 1520.69
    assert [Timing(0, Fraction(1001, 24000)).sample(tick, 48000) for tick in (0, 1, 2)] == [0, 2002, 4004]
    assert [Timing(-1, Fraction(1, 29)).sample(tick, 44100) for tick in (-1, 0, 1)] == [-1520, 0, 1521]
