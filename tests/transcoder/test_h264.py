from __future__ import annotations

import pickle
from pathlib import Path

import pydantic
import pytest

from tests.video.making import first_pass
from vidcurate.records import Clip, CutClip, Span
from vidcurate.registry import fingerprint, loaded, registered
from vidcurate.transcoder.h264 import H264


def run(transcoder: H264, path: Path) -> CutClip:
    info, ticks, end = first_pass(path)
    clip = Clip.of("v", Span(start=int(ticks[0]), end=end, time_base=info.time_base))
    folder = path.parent / fingerprint(transcoder)
    folder.mkdir()
    return next(loaded(transcoder, "cpu")(str(path), info, [clip], [], folder, ticks))


def test_it_is_registered_under_its_name():
    assert registered("transcoder")["h264"] is H264
    assert H264().name == "h264"


def test_it_pickles_and_compares_as_a_value():
    assert pickle.loads(pickle.dumps(H264(crf=30))) == H264(crf=30) != H264()


@pytest.mark.parametrize("wrong", [{"crf": -1}, {"crf": 52}, {"preset": "fastest"}, {"threads": 0}, {"audio": "maybe"}])
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(pydantic.ValidationError):
        H264(**wrong)


def test_a_higher_crf_makes_smaller_files(make_video):
    path = make_video(shots=(25,))

    assert run(H264(crf=40), path).num_bytes < run(H264(crf=10), path).num_bytes / 2


def test_sound_is_kept_unless_it_is_dropped(make_video):
    path = make_video(shots=(25,), audio=True)

    assert run(H264(), path).has_audio
    assert not run(H264(audio="drop"), path).has_audio


def test_several_threads_write_the_same_bytes_every_time(make_video, tmp_path):
    transcoder, path = H264(threads=2), make_video("a/a.mp4", shots=(25,))
    twin = make_video("b/a.mp4", shots=(25,))

    assert Path(run(transcoder, path).path).read_bytes() == Path(run(transcoder, twin).path).read_bytes()
