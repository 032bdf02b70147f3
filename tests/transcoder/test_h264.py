from __future__ import annotations

import pickle
from pathlib import Path

import pydantic
import pytest

from tests.video.making import cut_at
from vidcurate.records import CutClip
from vidcurate.registry import registered
from vidcurate.transcoder.h264 import H264


def test_it_is_registered_under_its_name():
    assert registered("transcoder")["h264"] is H264
    assert H264().name == "h264"


def test_it_pickles_and_compares_as_a_value():
    assert pickle.loads(pickle.dumps(H264(crf=30))) == H264(crf=30) != H264()


@pytest.mark.parametrize("wrong", [{"crf": -1}, {"crf": 52}, {"preset": "fastest"}, {"threads": 0}, {"audio": "maybe"}])
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
