from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from vidcurate.errors import EncodeError
from vidcurate.records import VideoInfo
from vidcurate.video.upright import Upright

INFO = VideoInfo(
    width=64, height=48, rotation=0, fps=25.0, duration=1.0, num_frames=1, codec="h264", pixel_format="yuv420p",
    audio_codec=None, bit_rate=0, time_base=Fraction(1, 25), origin=0,
)  # fmt: skip


def grey(level: int, form: str, width: int = 64, height: int = 48) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((height, width, 3), level, np.uint8)).reformat(format=form)


def test_a_frame_that_fits_is_passed_on_as_it_is():
    frame = grey(100, "yuv420p")

    assert Upright(INFO)(frame) is frame


@pytest.mark.parametrize("form", ["yuv444p", "yuv422p10le", "yuv420p10le", "rgb24", "bgra", "gray", "yuvj420p", "nv12"])
def test_every_pixel_format_becomes_yuv420p_that_looks_the_same(form):
    frame = Upright(INFO)(grey(100, form))

    assert frame.format.name == "yuv420p"
    assert frame.to_ndarray(format="rgb24").mean() == pytest.approx(100, abs=2)


def test_full_range_becomes_limited_range():
    frame = Upright(INFO)(grey(255, "yuvj420p"))

    assert frame.color_range == 1  # AVCOL_RANGE_MPEG
    assert set(np.unique(frame.to_ndarray()[:48])) == {235}


def test_odd_sizes_lose_their_last_column_and_row():
    picture = np.zeros((49, 65, 3), np.uint8)
    picture[:48, :64] = 200
    upright = Upright(replace(INFO, width=65, height=49))
    frame = upright(av.VideoFrame.from_ndarray(picture).reformat(format="yuv444p"))

    assert (upright.width, upright.height) == (frame.width, frame.height) == (64, 48)
    assert frame.to_ndarray(format="rgb24")[:-1, :-1].min() > 190


def test_wide_pixels_become_square():
    upright = Upright(replace(INFO, width=94))  # 64 x 16/11 = 93.1, even

    assert (upright(grey(100, "yuv420p")).width, upright.width) == (94, 94)


@pytest.mark.parametrize(("rotation", "row", "column"), [(90, -1, 0), (180, -1, -1), (270, 0, -1)])
def test_frames_are_turned_upright(rotation, row, column):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:8, :8] = 255
    size = (64, 48) if rotation == 180 else (48, 64)
    frame = Upright(replace(INFO, width=size[0], height=size[1], rotation=rotation))(
        av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p")
    )
    image = frame.to_ndarray(format="rgb24")

    assert (frame.width, frame.height) == size
    assert image[row, column].min() > 230
    assert np.count_nonzero(image[:, :, 0] > 128) == 64


def test_rgb_is_tagged_with_the_matrix_it_was_converted_by():
    assert Upright(INFO)(grey(100, "rgb24")).colorspace == 6  # SMPTE 170M, the matrix of ITU-R BT.601


@pytest.mark.parametrize("size", [(1, 1), (1, 64), (64, 1)])
def test_a_picture_less_than_two_pixels_a_side_is_refused(size):
    with pytest.raises(EncodeError, match=rf"{size[0]}x{size[1]} is too small for H\.264, which needs 2"):
        Upright(replace(INFO, width=size[0], height=size[1]))
