from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.media import read_number
from tests.video.making import cut_at
from vidcurate.errors import DecodeError, UnreadableVideo
from vidcurate.records import Sampling
from vidcurate.video.reread import reread, torchcodec_decoder

LARGE = Sampling(width=320, height=176, count=4)
SMALL = Sampling(width=48, height=27, fps=5)
SQUARE = Sampling(width=64, height=64, count=2, fit="crop")


@pytest.fixture
def without_torchcodec(monkeypatch):
    """As on a machine without FFmpeg's shared libraries."""
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", None)
    torchcodec_decoder.cache_clear()
    yield
    torchcodec_decoder.cache_clear()


def test_frames_are_chosen_as_when_the_clip_was_cut(make_video, without_torchcodec):
    clip = cut_at(make_video(shots=(12, 30)), starts=(12,), samplings=(LARGE, SMALL, SQUARE))[0]
    again = reread(clip.path, (LARGE, SMALL, SQUARE))

    assert [read_number(image) for image in again[LARGE].images] == [
        16,
        22,
        30,
        38,
    ]  # 12 and, of every 2nd, nearest 3.75, ...
    for want, frames in clip.frames.items():
        assert again[want].times == pytest.approx(frames.times)
        # the difference is what the encoder lost at crf 23
        assert np.abs(again[want].images.astype(int) - frames.images).mean() < 4


def test_variable_frame_rates_are_sampled_by_their_times(make_video, without_torchcodec):
    times = [0, 1, 2, 3, 4, 5, 6, 7, 60, 120]
    clip = cut_at(make_video("a.mkv", shots=(10,), times=times), starts=(0,))[0]
    want = Sampling(width=320, height=176, fps=1)

    assert [read_number(image) for image in reread(clip.path, [want])[want].images] == [0, 8, 9]  # 0 s, 2.4 s, 4.8 s


def test_torchcodec_and_pyav_agree(make_video, monkeypatch):
    if torchcodec_decoder() is None:
        pytest.skip("torchcodec does not load: FFmpeg's shared libraries are not installed")
    clip = cut_at(make_video(shots=(15, 25)), starts=(0,))[0]
    one = reread(clip.path, (LARGE, SMALL, SQUARE))
    monkeypatch.setattr("vidcurate.video.reread.torchcodec_decoder", lambda: None)
    other = reread(clip.path, (LARGE, SMALL, SQUARE))

    for want in (LARGE, SMALL, SQUARE):
        difference = np.abs(one[want].images.astype(int) - other[want].images)
        assert one[want].times.tolist() == other[want].times.tolist()
        # RGB is made before scaling by the one, after it by the other, and clipped there. On blocks of random,
        # saturated colours that costs up to 3.5 levels on average; on real clips it is 1 to 2.
        assert difference.mean() < 4
        assert np.percentile(difference, 90) < 12


def test_a_machine_without_torchcodec_is_told_once(make_video, without_torchcodec, caplog):
    clip = cut_at(make_video(shots=(5,)), starts=(0,))[0]
    with caplog.at_level(logging.INFO, "vidcurate.video.reread"):
        reread(clip.path, [SMALL])
        reread(clip.path, [SMALL])

    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "torchcodec" in caplog.text


def test_a_damaged_clip_is_an_error(make_video, without_torchcodec):
    path = cut_at(make_video(shots=(40,)), starts=(0,))[0].path
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: len(data) * 2 // 3])

    with pytest.raises(DecodeError, match=r"\d+ of 40 frames are there"):
        reread(path, [LARGE])


def test_what_is_no_clip_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_text("nothing")

    with pytest.raises(UnreadableVideo):
        reread(str(tmp_path / "a.mp4"), [LARGE])
