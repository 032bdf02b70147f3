from __future__ import annotations

import numpy as np
import pytest

from vidcurate.video.mixing import EFFECTS, flashed, mixed

OLD, NEW = (np.full((9, 16, 3), level, np.uint8) for level in (40, 200))


@pytest.mark.parametrize(("kind", "effect"), [(kind, effect) for kind, names in EFFECTS.items() for effect in names])
def test_a_transition_begins_and_ends_pure_and_is_mixed_between(kind, effect):
    frames = mixed([OLD] * 9, [NEW] * 9, kind, effect)

    assert len(frames) == 9
    assert (frames[0] == OLD).all()
    assert (frames[-1] == NEW).all()
    assert all((frame != OLD).any() and (frame != NEW).any() for frame in frames[1:-1])
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint8)}


def test_a_wipe_moves_over_the_picture():
    frames = mixed([OLD] * 5, [NEW] * 5, "wipe", "right")

    assert [int((frame[0, :, 0] == 200).sum()) for frame in frames] == [0, 4, 8, 12, 16]


def test_a_fade_goes_through_its_grey():
    black, white = (mixed([OLD] * 5, [NEW] * 5, "fade", effect)[2] for effect in ("black", "white"))

    assert (black == 0).all()
    assert (white == 255).all()


def test_a_dissolve_is_half_of_either_in_the_middle():
    assert (mixed([OLD] * 5, [NEW] * 5, "dissolve", "")[2] == 120).all()


def test_a_flash_is_nearly_white_and_shows_the_picture_still():
    assert (flashed([OLD], 0.8)[0] == 212).all()  # 40 + 0.8 * 215
