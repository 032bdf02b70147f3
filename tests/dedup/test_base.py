from __future__ import annotations

import numpy as np
import pytest

from vidcurate.dedup.base import is_duplicate
from vidcurate.dedup.leader import Leader

SIMILARITY = np.array([0.95, 0.85, 0.95, 0.85], np.float32)
SAME = np.array([True, True, False, False])


def test_a_similarity_of_exactly_one_minus_epsilon_is_no_duplicate():
    threshold = np.float32(1 - 0.01)
    similarity = np.array([np.nextafter(threshold, np.float32(0)), threshold, np.nextafter(threshold, np.float32(2))])

    assert is_duplicate(similarity, 0.01).tolist() == [False, False, True]


def test_epsilon_zero_drops_nothing_and_two_drops_all_but_opposites():
    similarity = np.array([-1, 0, 1], np.float32)

    assert is_duplicate(similarity, 0.0).tolist() == [False, False, False]
    assert is_duplicate(similarity, 2.0).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("settings", "linked"),
    [
        ({}, [True, False, True, False]),
        ({"scope": "within_source"}, [True, False, False, False]),
        ({"scope": "across_sources"}, [False, False, True, False]),
        ({"eps_within_source": 0.2}, [True, True, True, False]),
        ({"eps_across_sources": 0.01}, [True, False, False, False]),
        ({"scope": "across_sources", "eps_across_sources": 0.2, "eps_within_source": 0.5}, [False, False, True, True]),
    ],
)
def test_scope_and_an_epsilon_for_each_say_which_pairs_count(settings, linked):
    assert Leader(eps=0.1, **settings).linked(SIMILARITY, SAME).tolist() == linked


@pytest.mark.parametrize(
    ("settings", "widest"),
    [
        ({}, 0.1),
        ({"eps_within_source": 0.2}, 0.2),
        ({"eps_within_source": 0.2, "scope": "across_sources"}, 0.1),
        ({"eps_across_sources": 0.01, "scope": "across_sources"}, 0.01),
    ],
)
def test_the_widest_epsilon_is_that_of_the_pairs_that_count(settings, widest):
    assert Leader(eps=0.1, **settings).widest == widest
