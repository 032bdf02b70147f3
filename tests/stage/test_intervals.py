from __future__ import annotations

import numpy as np
import pytest

from vidcurate.stage.intervals import bootstrap, wilson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 10, 0, 0.2775), (8, 10, 0.4902, 0.9433), (10, 10, 0.7225, 1)],  # Newcombe 1998, table I, and R's prop.test
)
def test_wilson_gives_published_intervals(hits, trials, low, high):
    rate = wilson(hits / trials, trials)

    assert (rate.share, rate.low, rate.high) == pytest.approx((hits / trials, low, high), abs=1e-4)


def test_lots_that_are_missed_as_a_whole_make_the_interval_wide():
    scattered = bootstrap(np.full(100, 9), np.full(100, 10))
    in_lots = bootstrap(np.where(np.arange(100) < 90, 10, 0), np.full(100, 10))

    assert scattered.share == in_lots.share == 0.9
    assert scattered.low == pytest.approx(0.9)
    assert in_lots.low < 0.85 < 0.93 < in_lots.high


def test_the_interval_holds_the_truth_nineteen_times_in_twenty():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        true = rng.integers(1, 9, 80)
        rate = bootstrap(rng.binomial(true, 0.8), true)
        held += rate.low <= 0.8 <= rate.high

    assert 0.9 < held / 300 < 0.99


def test_a_sample_without_a_miss_proves_no_more_than_its_lots():
    assert bootstrap(np.full(10, 50), np.full(10, 50)) == wilson(1, 10)
    assert bootstrap(np.zeros(10, int), np.full(10, 50)) == wilson(0, 10)
