from __future__ import annotations

import numpy as np
import pytest

from benchmarks.sweep import vectors

pytestmark = pytest.mark.slow


def test_the_vectors_have_duplicates_from_the_floor_up_to_nearly_equal_ones():
    matrix = vectors(600)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    nearest = np.sort(unit @ unit.T, axis=1)[:, -2]

    assert np.histogram(1 - nearest, bins=(0, 0.01, 0.1, 0.3))[0].min() > 10
    assert np.array_equal(vectors(600), matrix)
