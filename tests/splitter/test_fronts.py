from __future__ import annotations

import numpy as np
import pytest

from tests.splitter.transitions import LATE, between, moving
from vidcurate.splitter.fronts import blocks, jump, wipe


def window(images):
    return np.stack([blocks(image) for image in np.asarray(images).round().astype(np.uint8)])


@pytest.mark.parametrize("shape", LATE)
@pytest.mark.parametrize(("frames", "mixed"), [(6, 8), (10, 12), (12, 22)])
def test_a_wipe_of_any_shape_is_found_with_its_length(shape, frames, mixed):
    span = wipe(window(between(1, 2, frames, mixed, LATE[shape])))

    assert span is not None
    assert abs(span[0] - frames) <= 3  # a block has changed when most of it has
    assert abs(span[1] - (frames + mixed)) <= 3


def test_a_dissolve_a_cut_and_a_still_picture_are_no_wipes():
    still = np.repeat(moving(1, 1), 32, axis=0)

    assert wipe(window(between(1, 2, 10, 12, None))) is None
    assert wipe(window(between(1, 2, 16, 0, None))) is None
    assert wipe(window(still)) is None


@pytest.mark.parametrize("speed", [0.1, 1, 4, 12])
@pytest.mark.parametrize("seed", range(3))
def test_a_pan_is_no_wipe(speed, seed):
    assert wipe(window(moving(seed, 32, speed))) is None


def test_a_jump_changes_blocks_once_and_a_flash_changes_them_back():
    jumped = np.concatenate([moving(1, 6), moving(1, 46)[40:]])
    flashed = moving(1, 12)
    flashed[6] += 60

    def share(images):
        return jump(np.abs(np.diff(window(images), axis=0)).mean(axis=2))

    assert share(jumped) > 0.5
    assert share(np.clip(flashed, 0, 255)) == 0
    assert share(moving(1, 12, 6)) < 0.05
