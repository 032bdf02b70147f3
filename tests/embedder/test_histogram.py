from __future__ import annotations

import numpy as np

from tests.frames import frames_of
from vidcurate.embedder.histogram import Histogram
from vidcurate.records import Frames


def still(*colours: tuple[int, int, int]) -> Frames:
    """One frame; its quarters have these colours, row by row."""
    quarters = np.array([colours[index % len(colours)] for index in range(4)], np.uint8).reshape(2, 2, 1, 3)
    image = np.kron(quarters[:, :, 0, :], np.ones((16, 16, 1))).astype(np.uint8)
    return frames_of(image[None])


def test_equal_pictures_have_cosine_one_and_pictures_without_a_common_colour_zero():
    black, white = still((0, 0, 0)), still((255, 255, 255))

    vectors = Histogram().load("cpu")([black, black, white])

    assert np.dot(vectors[0], vectors[1]) == 1
    assert np.dot(vectors[0], vectors[2]) == 0


def test_where_a_colour_is_matters():
    left = still((255, 0, 0), (0, 0, 255))
    right = still((0, 0, 255), (255, 0, 0))

    vectors = Histogram().load("cpu")([left, right])

    assert np.dot(vectors[0], vectors[1]) == 0


def test_the_cosine_is_the_bhattacharyya_coefficient():
    plain = still((255, 0, 0))
    mixed = frames_of(np.concatenate([plain.images, still((0, 0, 0)).images]))

    vectors = Histogram().load("cpu")([plain, mixed])

    np.testing.assert_allclose(np.dot(vectors[0], vectors[1]), np.sqrt(0.5), atol=1e-6)  # half the pixels agree
