from __future__ import annotations

import numpy as np
import pytest

from tests.media import read_number
from vidcurate.video.probe import probe
from vidcurate.video.stretch import stretch


def numbers(path, begin: float, count: int, fps: int = 25) -> list[int]:
    images = stretch(str(path), probe(str(path)), begin, count, fps=fps, size=(320, 176))
    assert all(image.shape == (176, 320, 3) and image.dtype == np.uint8 for image in images)
    return [read_number(image) for image in images]


def test_frames_come_from_the_middle_of_a_video_to_the_frame(make_video):
    path = make_video(shots=(100,), gop=30)

    assert numbers(path, 1.6, 6) == [40, 41, 42, 43, 44, 45]
    assert numbers(path, 0.0, 3) == [0, 1, 2]


def test_other_rates_repeat_or_leave_out_frames(make_video):
    path = make_video(shots=(50,))

    assert numbers(path, 0.4, 4, fps=50) == [10, 10, 11, 11]
    assert numbers(path, 0.4, 3, fps=5) == [10, 15, 20]


def test_a_video_that_ends_before_gives_what_it_has(make_video):
    path = make_video(shots=(50,))

    assert numbers(path, 1.92, 10) == [48, 49]


def test_timestamps_that_do_not_begin_at_zero_are_followed(make_video):
    path = make_video(name="late.mkv", shots=(40,), times=[100 + number for number in range(40)])

    assert numbers(path, 0.8, 2) == [20, 21]


@pytest.mark.parametrize("begin", [0.0, 0.5])
def test_turned_videos_are_shown_upright(begin, make_video):
    path = make_video(shots=(30,))
    info = probe(str(path))

    assert stretch(str(path), info, begin, 1, fps=25, size=(64, 36))[0].shape == (36, 64, 3)
