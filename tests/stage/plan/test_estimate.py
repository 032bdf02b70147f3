from __future__ import annotations

import numpy as np
import pytest

from vidcurate.stage.plan.estimate import Design, Figure, exactly, interval, never, ratio


def design(stratum: list[int], weight: list[float], seen: list[float]) -> Design:
    return Design(
        stratum=np.array(stratum),
        weight=np.array(weight),
        seen=np.array(seen),
        domain=np.zeros(len(stratum), np.int64),
    )


def test_the_total_is_the_ratio_of_the_weighted_sample_times_what_is_known():
    drawn = design([0, 0, 1, 1], [5.0, 5.0, 2.0, 2.0], [0.2, 0.2, 0.5, 0.5])
    asked, known = np.array([2.0, 4.0, 10.0, 20.0]), np.array([1.0, 1.0, 4.0, 6.0])

    found = ratio(drawn, asked, known, np.array([32.0]))

    assert found.value == pytest.approx(32 * (5 * 6 + 2 * 30) / (5 * 2 + 2 * 10))  # 96
    assert found.error.sum() == pytest.approx(0)


def test_what_was_seen_whole_leaves_nothing_open():
    drawn = design([0, 0, 0], [1.0] * 3, [1.0] * 3)

    found = interval(drawn, ratio(drawn, np.array([1.0, 5.0, 9.0]), np.ones(3), np.array([3.0])))

    assert found == Figure(15.0, 15.0, 15.0)


def test_what_goes_with_the_known_exactly_has_no_interval_either():
    drawn = design([0, 0, 1, 1], [9.0] * 4, [0.1] * 4)
    known = np.array([1.0, 7.0, 3.0, 4.0])

    found = interval(drawn, ratio(drawn, 3 * known, known, np.array([150.0])))

    assert (found.low, found.value, found.high) == pytest.approx((450, 450, 450))


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    chance = np.random.default_rng(0)
    known = np.sort(chance.gamma(2.0, 30.0, 400))
    asked = known * chance.lognormal(0.0, 0.4, 400)
    groups = np.array_split(np.arange(400), 8)
    hits = 0
    for _ in range(500):
        places = [chance.choice(group, 2, replace=False) for group in groups]
        rows = np.concatenate(places)
        drawn = design(np.repeat(np.arange(8), 2).tolist(), [25.0] * 16, [0.04] * 16)
        found = interval(drawn, ratio(drawn, asked[rows], known[rows], known.sum(keepdims=True)))
        hits += found.low <= asked.sum() <= found.high

    assert 0.86 <= hits / 500 <= 0.95  # of 0.90; 500 trials err by 0.013


def test_nothing_seen_is_no_promise():
    drawn = design([0] * 10, [10.0] * 10, [0.1] * 10)

    assert interval(drawn, ratio(drawn, np.zeros(10), np.ones(10), np.array([100.0]))) == exactly(0.0)
    assert never(drawn, 100) == pytest.approx(100 * 0.9 * (1 - 0.1**0.1))  # 18.5


def test_kinds_of_work_have_ratios_of_their_own():
    drawn = Design(
        stratum=np.array([0, 0, 1, 1]),
        weight=np.ones(4),
        seen=np.ones(4),
        domain=np.array([0, 0, 1, 1]),
    )

    found = ratio(drawn, np.array([2.0, 2.0, 0.5, 0.5]), np.ones(4), np.array([10.0, 100.0]))

    assert found.value == pytest.approx(10 * 2 + 100 * 0.5)
