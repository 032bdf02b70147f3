from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video.making import first_pass, write_picture
from vidcurate.errors import DecodeError
from vidcurate.records import Sampling, VideoInfo
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.sample import Resize, Sampler, resizes

INFO = VideoInfo(
    width=320, height=180, rotation=0, fps=25.0, duration=1.0, num_frames=1, codec="h264", pixel_format="yuv420p",
    audio_codec=None, bit_rate=0, time_base=Fraction(1, 25), origin=0,
)  # fmt: skip


def corner(width: int, height: int) -> np.ndarray:
    """Black, with white in the top left quarter."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = 255
    return image


def stripes(*greys: int, width: int, height: int) -> av.VideoFrame:
    """As many upright stripes as greys, of equal width."""
    row = np.repeat(np.array(greys, np.uint8), width // len(greys))
    return av.VideoFrame.from_ndarray(np.tile(row[None, :, None], (height, 1, 3)))


def test_images_are_those_of_ffmpegs_own_scaler():
    y, x = np.mgrid[0:180, 0:320]
    picture = np.stack([x * 255 // 319, y * 255 // 179, (x // 20 + y // 20) % 2 * 200], -1).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p", dst_colorspace="ITU601")
    image = Resize(INFO, 48, 27)(frame)

    # ffmpeg 5.1.9: -f rawvideo -pix_fmt yuv420p -s 320x180 -i - -s 48x27 -pix_fmt rgb24; other versions round otherwise
    expected = [[2, 2, 0], [54, 48, 18], [130, 126, 0], [181, 202, 108], [249, 249, 208]]
    assert np.abs(image[[0, 5, 13, 20, 26], [0, 10, 24, 33, 47]].astype(int) - expected).max() <= 2


def test_stretching_shows_the_whole_picture():
    image = Resize(INFO, 40, 40)(stripes(0, 80, 160, 240, width=320, height=180))

    assert image.shape == (40, 40, 3)
    assert image[20, [5, 15, 25, 35], 0].tolist() == [0, 80, 160, 240]


def test_cropping_shows_the_centre_undistorted():
    # Scaled to 71x40, whose stripes are 17.75 wide, columns 15 to 54 are left.
    image = Resize(INFO, 40, 40, "crop")(stripes(0, 80, 160, 240, width=320, height=180))

    assert image.shape == (40, 40, 3)
    assert image[20, [0, 10, 30, 39], 0].tolist() == pytest.approx([0, 80, 160, 240], abs=4)  # bicubic overshoots


def test_cropping_a_square_of_a_tall_picture_cuts_off_top_and_bottom():
    tall = replace(INFO, width=180, height=320)
    frame = av.VideoFrame.from_ndarray(
        np.repeat(np.array([0, 80, 160, 240], np.uint8), 80)[:, None, None].repeat(180, 1).repeat(3, 2)
    )
    image = Resize(tall, 40, 40, "crop")(frame)

    assert image[[0, 10, 30, 39], 20, 0].tolist() == pytest.approx([0, 80, 160, 240], abs=4)


@pytest.mark.parametrize(("rotation", "row", "column"), [(0, 0, 0), (90, -1, 0), (180, -1, -1), (270, 0, -1)])
def test_images_stand_upright(tmp_path, rotation, row, column):
    # Turned counter-clockwise, the top left corner goes bottom left, bottom right, top right.
    path = str(write_picture(tmp_path / "a.mp4", corner(64, 64), rotation=rotation))
    info = probe(path)
    image = Resize(info, 16, 8)(next(iter(Decoding(path, info)))[1])

    assert image.shape == (8, 16, 3)
    assert (image[row, column] > 200).all()
    assert np.count_nonzero(image[:, :, 0] > 128) == 16 * 8 // 4


def test_cropping_goes_by_the_display_shape_of_wide_pixels(tmp_path):
    # Stored 64x64 with pixels twice as wide as high: shown 128x64, so a square holds the middle half of the columns.
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 16:48] = 255
    path = str(write_picture(tmp_path / "a.mp4", image, aspect=Fraction(2)))
    info = probe(path)
    square = Resize(info, 32, 32, "crop")(next(iter(Decoding(path, info)))[1])

    assert square[:, 2:30].min() > 200


def test_frames_that_change_size_amid_a_video_come_out_alike():
    resize = Resize(INFO, 32, 18)

    assert [resize(stripes(200, width=width, height=180)).mean() for width in (320, 160, 320)] == [200, 200, 200]


def test_the_sampler_keeps_what_each_sampling_chooses(make_video):
    path = make_video(shots=(30,))
    info, ticks, _ = first_pass(path)
    few, often = Sampling(width=16, height=16, count=3), Sampling(width=32, height=18, fps=5, fit="crop")
    sampler, times = Sampler(resizes(info, [few, often, few])), (ticks - ticks[0]) / 12800
    for index, (_, frame) in enumerate(Decoding(str(path), info)):
        sampler.offer(index, times[index], frame)
    frames = sampler.frames(times)

    assert frames[few].images.shape == (3, 16, 16, 3)
    assert frames[few].indices.tolist() == [4, 16, 24]  # of every 4th, nearest to 5, 15 and 25
    assert frames[few].times == pytest.approx([0.16, 0.64, 0.96])
    assert frames[often].images.shape == (6, 18, 32, 3)
    assert frames[often].times == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert frames[often].indices.tolist() == [0, 5, 10, 15, 20, 25]


def test_a_sampler_that_was_not_shown_all_says_so():
    sampler = Sampler(resizes(INFO, [Sampling(width=16, height=16, count=2)]))
    sampler.offer(2, 0.08, stripes(0, width=320, height=180))

    with pytest.raises(DecodeError, match="1 of 2 sampled frames"):
        sampler.frames(np.arange(10) / 25)
