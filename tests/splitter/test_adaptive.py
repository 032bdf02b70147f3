from __future__ import annotations

from functools import partial

import pytest

from tests.splitter.scenes import found, scenes
from vidcurate.records import Shot
from vidcurate.splitter.adaptive import Adaptive


def test_shots_begin_where_the_scene_changes():
    shots = found(Adaptive(), scenes([30, 40, 20]))

    assert shots == (Shot(0, 30), Shot(30, 70), Shot(70, 90))


def test_a_cut_out_of_stillness_is_found():
    assert found(Adaptive(), scenes([30, 30], step=0)) == (Shot(0, 30), Shot(30, 60))


def test_motion_as_strong_as_a_cut_is_no_cut():
    # Every frame is a scene of its own: all changes are alike.
    assert found(Adaptive(min_shot_frames=0), scenes([1] * 40)) == (Shot(0, 40),)


@pytest.mark.parametrize(
    "settings", [{"threshold": 1000.0}, {"min_change": 255.0}, {"window_frames": 20, "threshold": 50.0}]
)
def test_stricter_settings_find_no_cut(settings):
    assert found(Adaptive(**settings), scenes([30, 40], step=2)) == (Shot(0, 70),)


@pytest.mark.parametrize(("min_shot_frames", "shots"), [(15, 2), (3, 3)])
def test_a_cut_soon_after_another_is_ignored(min_shot_frames, shots):
    told = found(Adaptive(min_shot_frames=min_shot_frames), scenes([30, 8, 40]))

    assert len(told) == shots


def test_videos_seen_one_after_the_other_do_not_influence_each_other():
    detect = partial(found, Adaptive())
    first = detect(scenes([30, 40]))
    detect(scenes([10]))

    assert detect(scenes([30, 40])) == first


def test_one_frame_is_a_shot_and_none_is_none():
    detect = partial(found, Adaptive())

    assert detect(scenes([1])) == (Shot(0, 1),)
    assert detect(scenes([])) == ()
