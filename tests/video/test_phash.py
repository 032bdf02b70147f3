from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vidcurate.video.phash import FLAT, phashes

imagehash = pytest.importorskip("imagehash", reason="needs vidcurate[dev]")


@pytest.fixture
def pictures() -> np.ndarray:
    """Eight pictures of soft blobs, uint8 [8, 32, 32]."""
    coarse = np.random.default_rng(0).integers(20, 236, (8, 8, 8), np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC)) for one in coarse])


def differing(left, right) -> list[int]:
    return np.bitwise_count(phashes(left.astype(np.float32)) ^ phashes(right.astype(np.float32))).tolist()


def test_the_bits_are_those_of_imagehash(pictures):
    # imagehash 4.3.2 sums in float64; a bit at the very median may fall to the other side.
    expected = [int(str(imagehash.phash(Image.fromarray(picture))), 16) for picture in pictures]

    found = phashes(pictures.astype(np.float32))

    assert np.bitwise_count(found ^ np.array(expected, np.uint64)).max() <= 1


def test_half_of_the_bits_are_set(pictures):
    assert np.bitwise_count(phashes(pictures.astype(np.float32))).tolist() == [32] * 8


def test_brightness_and_contrast_change_next_to_nothing(pictures):
    assert max(differing(pictures, pictures // 2 + 60)) <= 4


def test_mirrored_turned_and_other_pictures_are_far(pictures):
    assert min(differing(pictures, pictures[:, :, ::-1])) >= 20
    assert min(differing(pictures, pictures[:, ::-1])) >= 20
    assert min(differing(pictures[1:], pictures[:-1])) >= 16


@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_frames_have_no_hash_whatever_their_noise(level):
    noise = np.random.default_rng(1).normal(0, 2, (3, 36, 64))

    assert phashes(np.clip(level + noise, 0, 255).astype(np.float32)).tolist() == [FLAT] * 3


def test_no_frame_has_no_hash():
    assert phashes(np.empty((0, 36, 64), np.float32)).tolist() == []
