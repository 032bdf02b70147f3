from __future__ import annotations

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.errors import ConfigError
from vidcurate.filter.motion import Motion
from vidcurate.registry import build, fingerprint


def motion(images: np.ndarray) -> float:
    return Motion().load("cpu")(frames_of(images))["motion"]


def grey(*levels: int) -> np.ndarray:
    """Frames of one shade each."""
    return np.stack([np.full((36, 64, 3), level, np.uint8) for level in levels])


def test_a_still_picture_has_no_motion():
    assert motion(grey(100, 100, 100)) == 0.0


def test_motion_is_the_mean_change_of_brightness_as_a_share_of_its_range():
    # Changes of 51 and 0 levels, of 255.
    assert motion(grey(100, 151, 151)) == pytest.approx(0.1, abs=1e-6)


def test_black_to_white_and_back_is_the_most_that_there_is():
    assert motion(grey(0, 255, 0)) == pytest.approx(1.0, abs=1e-6)


def test_colours_count_by_their_brightness():
    images = np.zeros((2, 36, 64, 3), np.uint8)
    images[1, ..., 1] = 255  # green, .587 of the luma by BT.601

    assert motion(images) == pytest.approx(0.587, abs=1e-6)


def test_motion_in_half_of_the_picture_counts_half():
    images = grey(0, 0)
    images[1, :18] = 255

    assert motion(images) == pytest.approx(0.5, abs=1e-6)


def test_one_frame_has_no_motion():
    assert motion(grey(80)) == 0.0


@pytest.mark.parametrize(
    ("score", "reason"), [(0.0009, "too_static"), (0.001, None), (0.05, None), (0.1, None), (0.1001, "too_shaky")]
)
def test_clips_beyond_a_bound_are_dropped_and_those_on_it_are_kept(score, reason):
    assert Motion(min=0.001, max=0.1).reason({"motion": score}) == reason


def test_without_bounds_every_clip_is_kept():
    assert Motion().reason({"motion": 0.0}) is None


def test_bounds_do_not_change_what_was_scored():
    assert fingerprint(Motion(min=0.1, max=0.2)) == fingerprint(Motion())


def test_bounds_that_exclude_each_other_are_refused():
    with pytest.raises(ConfigError, match=r"filter\.motion: value error, max=0\.1 is below min=0\.2"):
        build("filter", "filter.motion", {"_target_": "vidcurate.filter.motion.Motion", "min": 0.2, "max": 0.1})
