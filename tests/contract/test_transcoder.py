"""What every transcoder must do, whoever wrote it."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.media import read_number, read_numbers
from tests.video.making import cut_at, first_pass, heard, shown, write_picture
from vidcurate.errors import ConfigError
from vidcurate.registry import registered
from vidcurate.transcoder.base import Transcoder
from vidcurate.video.probe import probe


@pytest.fixture(params=sorted(registered("transcoder")), ids=str)
def component(request) -> Transcoder:
    made = registered("transcoder")[request.param]()
    try:
        made.check()
    except ConfigError as error:
        pytest.skip(str(error))
    return made


def test_a_copy_that_went_through_pickle_is_the_same_value(component):
    assert pickle.loads(pickle.dumps(component)) == component


def test_clips_hold_exactly_their_frames(component, make_video):
    clips = cut_at(make_video(shots=(13, 24, 23), gop=20), starts=(0, 13, 37), transcoder=component)

    assert [read_numbers(clip.path) for clip in clips] == [[*range(13)], [*range(13, 37)], [*range(37, 60)]]
    assert [clip.num_frames for clip in clips] == [13, 24, 23]


def test_what_is_said_of_a_clip_is_true_of_its_file(component, make_video):
    clip = cut_at(make_video(shots=(20, 30), audio=True), starts=(20,), transcoder=component)[0]
    info = probe(clip.path)

    assert (clip.file.width, clip.file.height) == (info.width, info.height) == (320, 176)
    assert (clip.file.codec, clip.file.has_audio) == (info.codec, info.audio_codec is not None) == ("h264", True)
    assert clip.file.num_bytes == Path(clip.path).stat().st_size
    assert clip.file.duration == info.duration == clip.clip.span.duration == 1.2


def test_sound_is_as_long_as_the_picture(component, make_video):
    for clip in cut_at(make_video(shots=(20, 30), audio=True), starts=(0, 7, 20), transcoder=component):
        rate, samples = heard(clip.path)

        assert samples.shape[1] / rate == pytest.approx(clip.clip.span.duration, abs=0.02)  # a block of AAC


def test_two_runs_write_the_same_bytes(component, make_video, tmp_path):
    path = make_video(shots=(15, 15), audio=True)
    once, again = (
        cut_at(path, starts=(0, 7, 15), folder=tmp_path / name, transcoder=component) for name in ("one", "two")
    )

    assert [Path(clip.path).read_bytes() for clip in once] == [Path(clip.path).read_bytes() for clip in again]


def test_clips_of_one_frame_are_written(component, make_video):
    clips = cut_at(make_video(shots=(12,)), starts=(0, 1, 10, 11), transcoder=component)

    assert [read_numbers(clip.path) for clip in clips] == [[0], [*range(1, 10)], [10], [11]]


def test_variable_frame_rates_are_kept_and_clips_start_at_zero(component, make_video):
    times = [0, 1, 2, 30, 31, 75, 76, 90, 91, 140]
    path = make_video("a.mkv", shots=(10,), fps=Fraction(100), times=times)
    clip = cut_at(path, starts=(3,), transcoder=component)[0]
    pictures = shown(clip.path)

    assert [float(at) for at, _ in pictures] == pytest.approx([0, 0.01, 0.45, 0.46, 0.6, 0.61, 1.1])
    assert [read_number(image) for _, image in pictures] == [3, 4, 5, 6, 7, 8, 9]
    assert probe(clip.path).duration == pytest.approx(clip.clip.span.duration, abs=0.501)  # the last frame's 0.5 s


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_odd_and_turned_pictures_are_shown_at_their_size(component, tmp_path, rotation):
    picture = np.full((49, 65, 3), 150, np.uint8)
    path = write_picture(tmp_path / "a.mp4", picture, pix_fmt="yuv444p", rotation=rotation)
    clip, source = cut_at(path, starts=(0,), transcoder=component)[0], probe(str(path))
    info = probe(clip.path)

    assert (clip.file.width, clip.file.height) == (info.width, info.height)
    assert (source.width - info.width, source.height - info.height) in {(0, 0), (1, 1)}


def test_a_clip_that_is_given_up_leaves_no_file(component, make_video, tmp_path):
    path = make_video(shots=(12,), audio=True)
    info, ticks, _ = first_pass(path)
    with component.load("cpu")(str(path), info) as cutter:
        cutter.begin(tmp_path / "clip.mp4", int(ticks[0])).discard()

    assert not (tmp_path / "clip.mp4").exists()
