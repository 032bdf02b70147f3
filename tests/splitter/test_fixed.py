from __future__ import annotations

import numpy as np
import pydantic
import pytest

from tests.splitter.scenes import found
from vidcurate.records import Shot
from vidcurate.splitter.fixed import Fixed

NOTHING = np.empty((0, 0, 3), np.uint8)


def detect(times, length: float) -> tuple[Shot, ...]:
    return found(Fixed(length=length), ((time, NOTHING) for time in times))


def test_shots_are_of_equal_length_and_the_last_is_the_rest():
    assert detect(np.arange(60) / 25, 1.0) == (Shot(0, 25), Shot(25, 50), Shot(50, 60))


@pytest.mark.parametrize("length", [0.1, 0.3, 0.7])
def test_a_frame_on_a_border_begins_the_next_shot_whatever_floats_say(length):
    # 0.3 / 0.1 is 2.999... in floats.
    frames = round(length * 10)

    assert {shot.end - shot.start for shot in detect(np.arange(420) / 10, length)} == {frames}


def test_borders_do_not_drift_where_no_frame_lies_on_them():
    # At 30000/1001 fps the first frames at or after 10, 20 and 30 s are 300, 600 and 900.
    assert [shot.start for shot in detect(np.arange(1000) * 1001 / 30000, 10.0)] == [0, 300, 600, 900]


def test_time_counts_and_not_the_number_of_frames():
    assert detect([0.0, 0.1, 0.2, 0.9, 1.5, 7.0, 7.1], 1.0) == (Shot(0, 4), Shot(4, 5), Shot(5, 7))


def test_a_video_shorter_than_the_length_is_one_shot_and_none_is_none():
    assert detect([0.0, 0.1], 10.0) == (Shot(0, 2),)
    assert detect([], 10.0) == ()


def test_clips_longer_than_a_minute_are_not_cut_again():
    assert Fixed(length=100).max_length is None


@pytest.mark.parametrize("length", [0, -1, float("inf"), float("nan")])
def test_a_length_is_a_positive_number(length):
    with pytest.raises(pydantic.ValidationError):
        Fixed(length=length)
