from __future__ import annotations

import numpy as np
import pytest

from tests.model.frames import shots_with_a_dissolve
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
    assert shots_outside(np.array(transition, bool)) == tuple(Shot(start, end) for start, end in shots)


def test_a_cut_and_a_dissolve_are_found():
    frames = shots_with_a_dissolve()

    shots = TransNetV2().load("cpu")((index / 25, frame) for index, frame in enumerate(frames))

    assert shots[0] == Shot(0, 45)
    assert shots[1].start == 45
    assert shots[1].end <= 110 <= shots[2].start + 8
    assert shots[-1].end == 160


def test_a_threshold_of_one_finds_nothing():
    frames = shots_with_a_dissolve(60)

    assert TransNetV2(threshold=1.0).load("cpu")((0.0, frame) for frame in frames) == (Shot(0, 60),)
