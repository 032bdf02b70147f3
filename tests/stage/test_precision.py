from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from vidcurate.stage.intervals import Rate, wilson
from vidcurate.stage.precision import Band, edges, largest, needed, next_step, precision_at, steps

MANY = 10**9  # pairs: so many that a sample leaves them as they are


def band(inner=0.0, outer=0.005, pairs=MANY, same=0, different=0, unsure=0) -> Band:
    return Band(inner=inner, outer=outer, pairs=pairs, same=same, different=different, unsure=unsure)


def ends(rate: Rate) -> tuple[float, float]:
    return rate.low, rate.high


@pytest.mark.parametrize(("same", "marked"), [(0, 1), (1, 1), (0, 20), (20, 20), (17, 20), (3, 7), (950, 1000)])
def test_intervals_are_wilsons(same, marked):
    expected = binomtest(same, marked).proportion_ci(0.95, method="wilson")

    assert ends(wilson(same / marked, marked)) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert band(same=same, different=marked - same).interval == pytest.approx(expected, abs=1e-7)


def test_a_band_that_is_marked_in_full_leaves_nothing_open():
    assert band(pairs=3, same=2, different=1).interval == (2 / 3, 2 / 3)
    assert band(pairs=1, same=1).interval == (1.0, 1.0)


def test_a_sample_of_few_pairs_says_more_than_one_of_many():
    # 20 of 39 pairs are as certain as 20 * 38 / 19 = 40 of many
    assert band(pairs=39, same=20).interval == pytest.approx(ends(wilson(1.0, 40)))


def test_unsure_marks_count_for_nothing():
    assert band(same=9, different=1, unsure=50).interval == band(same=9, different=1).interval
    assert math.isnan(band(unsure=3).share)
    assert band(unsure=3).interval == (0.0, 1.0)


def test_bands_are_weighted_by_the_pairs_they_hold():
    bands = [band(0, 0.005, 300, same=18, different=2), band(0.005, 0.01, 100, same=10, different=10)]

    found = precision_at(bands, 0.01, 400)

    # variance of a weighted mean with finite bands: sum of w^2 (N - n) / (N - 1) p q / n, and the same for equal shares
    first, second = 0.75**2 * 280 / 299 / 20, 0.25**2 * 80 / 99 / 20
    size = min(1 / (first + second), 0.8 * 0.2 / (first * 0.9 * 0.1 + second * 0.5 * 0.5))
    assert found is not None
    assert found.share == pytest.approx(0.8)  # .75 * .9 + .25 * .5
    assert (found.low, found.high) == pytest.approx(ends(wilson(0.8, size)))
    for end in (found.low, found.high):  # Wilson's ends solve (share - p)^2 = z^2 p (1 - p) / n
        assert (0.8 - end) ** 2 == pytest.approx(1.959963984540054**2 * end * (1 - end) / size)


def test_an_epsilon_inside_a_band_weighs_only_what_lies_above_it():
    bands = [band(0, 0.005, 300, same=20), band(0.005, 0.01, 100, different=20)]

    assert precision_at(bands, 0.006, 310).share == pytest.approx(300 / 310)
    assert precision_at(bands, 0.005, 300).share == 1.0


def test_nothing_is_said_where_a_band_has_pairs_and_no_mark():
    bands = [band(0, 0.005, 300, same=20), band(0.005, 0.01, 100), band(0.01, 0.02, 0)]

    assert precision_at(bands, 0.005, 300) is not None
    assert precision_at(bands, 0.006, 301) is None
    assert precision_at(bands[::2], 0.02, 300).share == 1.0  # a band without pairs asks for no mark
    assert precision_at(bands, 0.001, 0) is None


def test_the_lower_end_is_too_high_no_more_often_than_it_may_be():
    random, held, truth = np.random.default_rng(0), (500, 2000, 4000), (0.99, 0.95, 0.8)
    whole = sum(held)
    wrong = 0
    for _ in range(2000):
        bands = []
        for index, (pairs, share) in enumerate(zip(held, truth, strict=True)):
            same = int(random.hypergeometric(round(pairs * share), pairs - round(pairs * share), 30))
            bands.append(band(index / 100, (index + 1) / 100, pairs, same=same, different=30 - same))
        found = precision_at(bands, 0.03, whole)
        wrong += found.low > sum(round(n * share) for n, share in zip(held, truth, strict=True)) / whole

    assert wrong / 2000 <= 0.035  # 2.5% and three standard errors of 2000 trials


def test_the_largest_epsilon_is_advised_whose_lower_end_meets_the_target():
    bands = [band(0, 0.005, 300, same=100), band(0.005, 0.01, 100, same=10, different=90)]
    pairs = {step / 1000: 60 * step if step <= 5 else 300 + 20 * (step - 5) for step in range(1, 11)}

    advised = largest(bands, pairs, 0.95)

    assert advised is not None
    assert advised.eps == 0.005
    assert largest(bands, pairs, 0.85).eps == 0.006
    assert largest(bands, pairs, 0.9999) is None


@pytest.mark.slow
def test_the_advised_epsilon_misses_its_target_no_more_often_than_one_interval_would():
    random, borders = np.random.default_rng(1), edges(0.7)
    held = dict(zip(borders, (300, 300, 500, 500, 900, 900, 1500, 2500, 2500, 5000), strict=True))
    truth = dict(zip(borders, (1, 0.99, 0.98, 0.97, 0.96, 0.94, 0.9, 0.8, 0.6, 0.3), strict=True))
    inside = {
        eps: {edge: held[edge] * min(1, max(0, (eps - edge[0]) / (edge[1] - edge[0]))) for edge in borders}
        for eps in steps(0.7)
    }
    pairs = {eps: round(sum(counts.values())) for eps, counts in inside.items()}

    missed = 0
    for _ in range(200):
        bands = []
        for edge in borders:
            good = round(held[edge] * truth[edge])
            same = int(random.hypergeometric(good, held[edge] - good, 40))
            bands.append(band(*edge, held[edge], same=same, different=40 - same))
        best = largest(bands, pairs, 0.95)
        if best is not None:
            missed += sum(count * truth[edge] for edge, count in inside[best.eps].items()) / pairs[best.eps] < 0.95

    assert missed / 200 <= 0.06  # 2.5% and three standard errors of 200 trials


def test_an_epsilon_is_no_larger_than_takes_in_the_last_pair():
    bands = [band(0, 0.005, 10, same=10), band(0.005, 0.01, 0), band(0.01, 0.02, 0)]
    pairs = {0.001: 3, 0.002: 3, 0.003: 10, 0.005: 10, 0.01: 10, 0.02: 10}

    assert largest(bands, pairs, 0.95).eps == 0.003


def test_how_many_more_marks_are_needed_is_exact():
    # one band of very many pairs: n / (n + z^2) >= .95 from 73 on
    assert needed([band()], 0.005, MANY, 0.95) == {band(): 73}
    assert needed([band(same=50)], 0.005, MANY, 0.95) == {band(same=50): 23}
    assert needed([band(same=73)], 0.005, MANY, 0.95) == {}


def test_marks_are_asked_for_where_they_help_most():
    top, rest = band(0, 0.005, 9000, same=20), band(0.005, 0.01, 1000, same=20)

    more = needed([top, rest], 0.01, 10000, 0.95)

    assert set(more) == {top}
    enough = [band(0, 0.005, 9000, same=20 + more[top]), rest]
    short = [band(0, 0.005, 9000, same=19 + more[top]), rest]
    assert precision_at(enough, 0.01, 10000).low >= 0.95 > precision_at(short, 0.01, 10000).low


def test_marks_that_cannot_help_are_not_asked_for():
    assert needed([band(pairs=10, same=5, different=4)], 0.005, 10, 0.95) is None
    assert next_step([band(pairs=10, same=5, different=5)], {0.005: 10}, 0.95, 0.0) is None


def test_the_next_step_is_the_border_that_the_fewest_marks_reach():
    bands = [band(0, 0.005, 300, same=20), band(0.005, 0.01, 5, same=4), band(0.01, 0.02, 9000)]
    pairs = {0.005: 300, 0.01: 305, 0.02: 9305}

    request = next_step(bands, pairs, 0.95, 0.0)

    assert request.eps in {0.005, 0.01}
    assert request.total == min(sum(needed(bands, eps, pairs[eps], 0.95).values()) for eps in pairs)
    assert request.per_band == max(part.marked + count for part, count in request.more.items())
    assert next_step(bands, pairs, 0.95, 0.01).eps == 0.02


def test_bands_and_steps_end_at_the_floor():
    assert steps(0.7)[0] == 0.001
    assert steps(0.7)[-1] == 0.3 == edges(0.7)[-1][1]
    assert len(edges(0.7)) == 10
    assert edges(-1.0) == edges(0.7)
    assert edges(0.9) == [
        (0, 0.005),
        (0.005, 0.01),
        (0.01, 0.02),
        (0.02, 0.03),
        (0.03, 0.05),
        (0.05, 0.07),
        (0.07, 0.1),
    ]
    assert edges(0.987) == [(0, 0.005), (0.005, 0.01), (0.01, 0.013)]
    assert steps(0.9995) == edges(0.9995) == []
