from __future__ import annotations

import numpy as np

from tests.splitter.scenes import found
from vidcurate.records import Shot
from vidcurate.splitter.whole import Whole

NOTHING = np.empty((0, 0, 3), np.uint8)


def test_a_video_is_one_shot():
    assert found(Whole(), ((frame / 25, NOTHING) for frame in range(70))) == (Shot(0, 70),)


def test_no_frames_are_no_shot():
    assert found(Whole(), ()) == ()


def test_nothing_is_dropped_and_nothing_is_cut():
    assert (Whole().min_length, Whole().max_length, Whole().crop) == (0.0, None, 0.0)
