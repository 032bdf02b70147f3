from __future__ import annotations

import numpy as np
import pydantic
import pytest

from tests.splitter.scenes import found, scenes
from vidcurate.records import Shot
from vidcurate.splitter.hash import Hash

SIZE = (32, 32)


def test_shots_begin_where_the_scene_changes():
    shots = found(Hash(), scenes([30, 40, 20], SIZE, step=0))

    assert shots == (Shot(0, 30), Shot(30, 70), Shot(70, 90))


def test_brightness_is_no_cut():
    # 2 x is the same picture once divided by its maximum: every hash is equal.
    image = np.random.default_rng(0).integers(0, 128, (*SIZE, 1), np.uint8).repeat(3, axis=2)
    frames = [(number / 25, image if number < 20 else image * np.uint8(2)) for number in range(40)]

    assert found(Hash(threshold=0.05), frames) == (Shot(0, 40),)


def test_a_negative_differs_in_nearly_all_bits():
    # All frequencies but the mean change sign, so all bits but a few around the median do.
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 1), np.uint8).repeat(3, axis=2)
    frames = [(number / 25, image if number < 20 else 255 - image) for number in range(40)]

    assert found(Hash(threshold=0.9), frames) == (Shot(0, 20), Shot(20, 40))


def test_a_higher_threshold_finds_no_cut():
    # Hashes of unrelated pictures differ in about half of the bits.
    assert found(Hash(threshold=0.8), scenes([30, 30], SIZE)) == (Shot(0, 60),)


@pytest.mark.parametrize(("min_shot_frames", "shots"), [(15, 2), (3, 3)])
def test_a_cut_soon_after_another_is_ignored(min_shot_frames, shots):
    told = found(Hash(min_shot_frames=min_shot_frames), scenes([30, 8, 40], SIZE, step=0))

    assert len(told) == shots


@pytest.mark.parametrize("size", [2, 3, 16])
def test_hashes_of_any_size_find_a_negative(size):
    image = np.random.default_rng(1).integers(0, 256, (*SIZE, 1), np.uint8).repeat(3, axis=2)
    frames = [(number / 25, image if number < 20 else 255 - image) for number in range(40)]

    assert len(found(Hash(size=size), frames)) == 2


@pytest.mark.parametrize("size", [1, 17])
def test_a_size_that_the_pictures_do_not_hold_is_refused(size):
    with pytest.raises(pydantic.ValidationError, match="size"):
        Hash(size=size)
