from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tests.splitter.scenes import found, scenes
from vidcurate.records import Shot
from vidcurate.splitter.content import Content


def test_shots_begin_where_the_scene_changes():
    shots = found(Content(), scenes([30, 40, 20]))

    assert shots == (Shot(0, 30), Shot(30, 70), Shot(70, 90))


def test_motion_within_a_shot_is_no_cut():
    assert found(Content(), scenes([60], step=2)) == (Shot(0, 60),)


def test_a_higher_threshold_finds_no_cut():
    assert found(Content(threshold=255), scenes([30, 30])) == (Shot(0, 60),)


@pytest.mark.parametrize(("min_shot_frames", "shots"), [(15, 2), (0, 3)])
def test_cuts_near_each_other_are_one(min_shot_frames, shots):
    told = found(Content(min_shot_frames=min_shot_frames), scenes([30, 5, 40]))

    assert len(told) == shots


def test_videos_seen_one_after_the_other_do_not_influence_each_other():
    detect = partial(found, Content())
    first = detect(scenes([30, 40]))
    detect(scenes([10]))

    assert detect(scenes([30, 40])) == first


def test_one_frame_is_a_shot_and_none_is_none():
    detect = partial(found, Content())

    assert detect(scenes([1])) == (Shot(0, 1),)
    assert detect(scenes([])) == ()


def test_channels_reach_the_detector_in_the_order_it_expects():
    # By hand, on OpenCV's scale: (200, 100, 0) has hue 15 and (200, 0, 100) hue 165, saturation and value are equal, so
    # the mean change of the three is 50. With red and blue swapped it would be (135 - 105) / 3 = 10.
    colours = np.repeat(np.array([(200, 100, 0), (200, 0, 100)], np.uint8), 20, axis=0)
    frames = [(number / 25, np.tile(colour, (72, 128, 1))) for number, colour in enumerate(colours)]

    assert len(found(Content(threshold=50.0), frames)) == 2
    assert len(found(Content(threshold=50.1), frames)) == 1
