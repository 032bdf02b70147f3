from __future__ import annotations

import pickle
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pydantic
import pytest

from tests.media import read_number
from tests.video.making import cut_at, heard, shown, write_picture
from vidcurate.records import CutClip
from vidcurate.registry import registered
from vidcurate.transcoder.h264 import H264
from vidcurate.video.probe import probe


def test_it_is_registered_under_its_name():
    assert registered("transcoder")["h264"] is H264
    assert H264().name == "h264"


def test_it_pickles_and_compares_as_a_value():
    assert pickle.loads(pickle.dumps(H264(crf=30))) == H264(crf=30) != H264()


@pytest.mark.parametrize(
    "wrong", [{"crf": -1}, {"crf": 52}, {"preset": "fastest"}, {"threads": 0}, {"audio": "maybe"}, {"depth": 10}]
)
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(pydantic.ValidationError):
        H264(**wrong)


def cut(path: Path, **settings) -> CutClip:
    return cut_at(path, starts=(0,), transcoder=H264(**settings))[0]


def test_a_higher_crf_makes_smaller_files(make_video):
    path = make_video(shots=(25,))

    assert cut(path, crf=40).file.num_bytes < cut(path, crf=10).file.num_bytes / 2


def test_sound_is_kept_unless_it_is_dropped(make_video):
    path = make_video(shots=(25,), audio=True)

    assert cut(path).file.has_audio
    assert not cut(path, audio="drop").file.has_audio


def test_several_threads_write_the_same_bytes_every_time(make_video):
    paths = [make_video(f"{name}/a.mp4", shots=(25,)) for name in "ab"]
    one, other = (Path(cut(path, threads=2).path).read_bytes() for path in paths)

    assert one == other


@pytest.mark.parametrize(
    ("short_side", "size"), [(88, (160, 88)), (90, (164, 90)), (176, (320, 176)), (500, (320, 176))]
)
def test_larger_pictures_are_scaled_down_to_the_short_side(make_video, short_side, size):
    clip = cut(make_video(shots=(5,)), short_side=short_side)
    info = probe(clip.path)

    assert (clip.file.width, clip.file.height) == (info.width, info.height) == size


def test_a_turned_picture_is_scaled_by_what_is_seen_of_it(tmp_path):
    path = write_picture(tmp_path / "a.mp4", np.zeros((48, 64, 3), np.uint8), rotation=90)
    info = probe(cut(path, short_side=24).path)

    assert (info.width, info.height) == (24, 32)


def test_a_bit_rate_is_held_instead_of_a_quality(make_video):
    path = make_video(shots=(50,))
    low, high = (8 * cut(path, bit_rate=rate).file.num_bytes / 2 for rate in (60_000, 600_000))

    assert low == pytest.approx(60_000, rel=0.5)
    assert 2 * low < high


def test_the_bit_rate_of_the_source_is_held(make_video):
    path = make_video(shots=(50,))

    assert cut(path, bit_rate="source").file.num_bytes == pytest.approx(path.stat().st_size, rel=0.5)


def test_eight_bits_are_written_unless_more_are_kept(tmp_path):
    path = write_picture(tmp_path / "a.mp4", np.full((48, 64, 3), 99, np.uint8), pix_fmt="yuv420p10le")

    assert probe(cut(path).path).pixel_format == "yuv420p"
    assert probe(cut(path, depth="keep").path).pixel_format == "yuv420p10le"


def test_a_constant_frame_rate_repeats_and_leaves_out_frames(make_video):
    times = [0, 1, 2, 3, 10, 20, 21, 22, 23, 24]  # hundredths of a second, half of them too fast for 25 fps
    clip = cut(make_video("a.mkv", shots=(10,), fps=Fraction(100), times=times), fps=25)
    pictures = shown(clip.path)

    assert [float(at) for at, _ in pictures] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.2])
    # In steps of .04 s, halves rounded up, the frames fall on 0, 0, 1, 1, 3, 5, 5, 6, 6 and 6; the end too falls on 6.
    assert [read_number(image) for _, image in pictures] == [1, 3, 3, 4, 4, 6]
    assert clip.file.num_frames == 6


def test_a_constant_frame_rate_keeps_the_length_of_picture_and_sound(make_video):
    clip = cut(make_video(shots=(50,), audio=True), fps=10)
    rate, samples = heard(clip.path)

    assert clip.file.num_frames == 20
    assert samples.shape[1] == 2 * rate


@pytest.mark.parametrize(("letterbox", "size"), [("keep", (64, 96)), ("crop", (64, 48))])
def test_black_bars_are_cropped_on_request(tmp_path, letterbox, size):
    picture = np.zeros((96, 64, 3), np.uint8)
    picture[24:72] = np.random.default_rng(0).integers(60, 200, (48, 64, 3))
    clip = cut(write_picture(tmp_path / "a.mp4", picture, count=40), letterbox=letterbox)

    assert (clip.file.width, clip.file.height) == size
    assert shown(clip.path)[-1][1].shape == (size[1], size[0], 3)
    assert len(shown(clip.path)) == 40


def test_sound_is_written_as_samples_too(make_video):
    clip = cut(make_video(shots=(25,), audio=True), audio="wav")
    with wave.open(str(Path(clip.path).with_suffix(".wav"))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")

    assert (file.getframerate(), file.getnchannels()) == (48_000, 1)
    assert samples.size == 48_000
    assert np.abs(samples).max() > 5000  # a tone of amplitude .3 of 32767
    assert clip.file.has_audio
