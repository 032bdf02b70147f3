from __future__ import annotations

import numpy as np
import pytest

from tests.splitter.scenes import found, scenes
from vidcurate.records import Shot
from vidcurate.splitter.hist import Hist


def test_shots_begin_where_the_scene_changes():
    shots = found(Hist(), scenes([30, 40, 20]))

    assert shots == (Shot(0, 30), Shot(30, 70), Shot(70, 90))


def test_motion_however_fast_is_no_cut():
    # The texture wraps around: every frame has the same pixels, elsewhere.
    assert found(Hist(threshold=0.01), scenes([60], step=37)) == (Shot(0, 60),)


@pytest.mark.parametrize(("threshold", "shots"), [(0.50, 2), (0.52, 1)])
def test_the_threshold_is_one_minus_the_correlation_of_the_histograms(threshold, shots):
    # By hand: grey levels 10 and 100, then 10 and 200, each in half of the picture, so histograms a = (h, h, 0) and
    # b = (h, 0, h) in 3 of 128 bins. Correlation (h^2 - (2h)^2 / 128) / (2h^2 - (2h)^2 / 128) = .492, 1 - .492 = .508.
    frames = [(number / 25, two_greys(10, 100 if number < 20 else 200)) for number in range(40)]

    assert len(found(Hist(threshold=threshold), frames)) == shots


def test_few_bins_do_not_see_small_changes():
    # 4 bins are 64 levels wide: 70 and 120 fall into the same.
    frames = [(number / 25, two_greys(10, 70 if number < 20 else 120)) for number in range(40)]

    assert len(found(Hist(bins=128), frames)) == 2
    assert len(found(Hist(bins=4), frames)) == 1


@pytest.mark.parametrize(("min_shot_frames", "shots"), [(15, 2), (3, 3)])
def test_a_cut_soon_after_another_is_ignored(min_shot_frames, shots):
    told = found(Hist(min_shot_frames=min_shot_frames), scenes([30, 8, 40]))

    assert len(told) == shots


def two_greys(upper: int, lower: int) -> np.ndarray:
    """uint8 [72, 128, 3]: the upper half of one grey level, the lower of another."""
    image = np.full((72, 128, 3), upper, np.uint8)
    image[36:] = lower
    return image
