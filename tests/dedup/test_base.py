from __future__ import annotations

import numpy as np

from vidcurate.dedup.base import is_duplicate


def test_a_similarity_of_exactly_one_minus_epsilon_is_no_duplicate():
    threshold = np.float32(1 - 0.01)
    similarity = np.array([np.nextafter(threshold, np.float32(0)), threshold, np.nextafter(threshold, np.float32(2))])

    assert is_duplicate(similarity, 0.01).tolist() == [False, False, True]


def test_epsilon_zero_drops_nothing_and_two_drops_all_but_opposites():
    similarity = np.array([-1, 0, 1], np.float32)

    assert is_duplicate(similarity, 0.0).tolist() == [False, False, False]
    assert is_duplicate(similarity, 2.0).tolist() == [False, True, True]
