from __future__ import annotations

import numpy as np
import pytest

from tests.model.frames import shots_with_a_dissolve
from tests.splitter.scenes import found
from vidcurate.records import Shot
from vidcurate.splitter.transnetv2 import TransNetV2, shots_outside


@pytest.mark.parametrize(
    ("transition", "shots"),
    [
        ([0, 0, 1, 0, 0], [(0, 3), (3, 5)]),  # reference example A2, there with inclusive ends: [0, 2], [3, 4]
        ([0, 0, 0, 0, 0], [(0, 5)]),  # A2
        ([0, 0, 1, 1, 0], [(0, 2), (4, 5)]),
        ([1, 1, 0, 0], [(2, 4)]),
        ([0, 0, 1, 1], [(0, 2)]),
        ([0, 0, 1], [(0, 3)]),
        ([1, 0, 1], [(0, 1), (1, 3)]),
        ([1, 1, 1], []),
        ([], []),
    ],
)
def test_a_lone_frame_ends_its_shot_and_a_longer_run_belongs_to_none(transition, shots):
    middles = np.array(transition, bool)
    whole = shots_outside([(middles, middles)])
    by_two = shots_outside((part, part) for part in np.split(middles, range(2, middles.size, 2)))

    assert [(shot.start, shot.end) for shot in whole if not shot.open] == shots
    assert [(shot.start, shot.end) for shot in by_two if not shot.open] == shots


def test_a_transition_is_as_long_as_its_members_and_needs_a_middle():
    middles = np.array([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1], bool)
    members = np.array([0, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1], bool)

    told = [(shot.start, shot.end) for shot in shots_outside([(middles, members)]) if not shot.open]

    assert told == [(0, 2), (2, 4), (7, 10)]  # transitions at 1, 4 to 6 and 10 to 11, by hand


def test_a_shot_is_told_as_far_as_no_later_frame_can_change_it():
    middles, members = np.array([0, 0, 0, 0, 0, 1], bool), np.array([0, 0, 0, 1, 1, 1], bool)
    told = list(shots_outside([(middles[:4], members[:4]), (middles[4:], members[4:])]))

    assert told == [Shot(0, 3, open=True), Shot(0, 3, open=True), Shot(0, 3)]


def test_a_shot_ends_with_a_cut_and_before_the_first_mixed_frame_of_a_dissolve():
    frames = shots_with_a_dissolve()

    shots = found(TransNetV2(), ((index / 25, frame) for index, frame in enumerate(frames)))

    # The last frame before the cut is 44; mixed are 100 to 114, and the reference scores 115 above the threshold too.
    assert shots == (Shot(0, 45), Shot(45, 100), Shot(116, 160))


def test_a_threshold_of_one_finds_nothing():
    frames = shots_with_a_dissolve(60)

    assert found(TransNetV2(threshold=1.0), ((0.0, frame) for frame in frames)) == (Shot(0, 60),)
