from __future__ import annotations

from dataclasses import replace

import pytest

from tests.media import write_video
from vidcurate.errors import ConfigError
from vidcurate.splitter.adaptive import Adaptive
from vidcurate.splitter.base import found
from vidcurate.splitter.content import Content
from vidcurate.splitter.fixed import Fixed
from vidcurate.splitter.fused import Fused
from vidcurate.splitter.hash import Hash
from vidcurate.splitter.hist import Hist
from vidcurate.splitter.tape import Tape
from vidcurate.splitter.transnetv2 import TransNetV2
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.probe import probe

CUTTERS = (Content(), Adaptive(), Hash(), Hist(), Hist(bins=16))


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> str:
    return str(write_video(tmp_path_factory.mktemp("tape") / "video.mp4", shots=(30, 8, 30, 25)))


def thumbnails(path: str, size: tuple[int, int] | None):
    return Lookahead(path, probe(path), max_bytes=0).thumbnails(size)


def of_the_video(splitter, path: str) -> tuple:
    return tuple(shot for shot in found(splitter, thumbnails(path, splitter.thumbnail), "cpu") if not shot.open)


@pytest.fixture(scope="module")
def tape(video) -> Tape:
    return Tape(thumbnails(video, None), CUTTERS, "cpu")


@pytest.mark.parametrize(
    "splitter",
    [
        *CUTTERS,
        Content(threshold=5, min_shot_frames=0),
        Content(threshold=90),
        Adaptive(threshold=1.5, min_change=2, window_frames=3),
        Hash(threshold=0.1),
        Hist(threshold=0.01, min_shot_frames=2),
        Hist(bins=16, threshold=0.6),
    ],
    ids=repr,
)
def test_shots_of_a_tape_are_those_of_the_video_whatever_the_thresholds(splitter, tape, video):
    shots = tape.shots(splitter)

    assert shots == of_the_video(splitter, video)
    assert tape.frames == 93


def test_thresholds_make_a_difference(tape):
    assert len(tape.shots(Content(threshold=5, min_shot_frames=0))) > len(tape.shots(Content(threshold=200)))


@pytest.mark.slow
def test_rechecked_shots_are_those_of_the_video(video):
    splitter = Content(threshold=255, recheck=True)

    assert Tape(thumbnails(video, None), [splitter], "cpu").shots(splitter) == of_the_video(splitter, video)


@pytest.mark.slow
def test_the_network_answers_once_for_all_thresholds(video):
    start = TransNetV2(backend="torch", precision="fp32")
    tape = Tape(thumbnails(video, None), [start, Fused(backend="torch", precision="fp32")], "cpu")
    tried = replace(start, threshold=0.1)

    assert tape.shots(tried) == of_the_video(tried, video)
    assert len(tape.shots(replace(start, threshold=1.0))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"threshold": 0.2, "jump": 0.1}, {"threshold": 0.8, "recheck": False}])
def test_what_fused_finds_on_a_tape_is_what_it_finds_in_the_video(settings, video):
    splitter = Fused(**settings)

    assert Tape(thumbnails(video, None), [splitter], "cpu").shots(splitter) == of_the_video(splitter, video)


def test_a_splitter_that_looks_at_no_picture_is_refused(video):
    with pytest.raises(ConfigError, match="splitter=fixed"):
        Tape(thumbnails(video, None), [Fixed()], "cpu")
