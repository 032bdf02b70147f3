from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from vidcurate.stage.chance import Chance, by_chance
from vidcurate.stage.precision import steps


def circle(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def chance(similarity, *, all_pairs=10**9, clips=1000) -> Chance:
    return Chance(similarity=np.float32(similarity), all_pairs=all_pairs, clips=clips, by_source=True)


def test_where_there_are_few_pairs_each_is_compared_once():
    vectors, sources = circle(0, 10, 30, 70, 150, 170), np.array([5, 2, 5, 2, 9, 5], np.int32)
    expected = [
        float(vectors[one].astype(float) @ vectors[other])
        for one in range(6)
        for other in range(one)
        if sources[one] != sources[other]
    ]

    found = by_chance(vectors, sources, seed=0)

    assert found.drawn == found.all_pairs == len(expected) == 11  # 3 * 2 + 3 * 1 + 2 * 1
    assert np.sort(found.similarity) == pytest.approx(np.sort(expected), abs=1e-6)
    assert found.bound(1.0) == found.over(1.0) / 11  # nothing is left open


def test_every_pair_of_different_sources_is_as_likely_as_any_other():
    vectors, sources = circle(0, 1, 3, 7, 12, 20, 30, 44), np.array([0, 1, 1, 2, 2, 2, 2, 2], np.int32)
    # 1 * 2 + 1 * 5 + 2 * 5 = 17 pairs; their angles are all different
    angles = np.array([0, 1, 3, 7, 12, 20, 30, 44])
    wanted = {abs(int(angles[a] - angles[b])) for a in range(8) for b in range(a) if sources[a] != sources[b]}

    counts: Counter[int] = Counter()
    for seed in range(500):
        found = by_chance(vectors, sources, seed=seed, pairs=16)
        counts.update(np.degrees(np.arccos(found.similarity.astype(float))).round().astype(int).tolist())

    assert set(counts) == wanted
    assert len(wanted) == 17
    mean = 500 * 16 / 17
    assert all(abs(count - mean) < 5 * np.sqrt(mean) for count in counts.values()), counts


def test_without_sources_each_clip_is_its_own():
    found = by_chance(circle(0, 10, 30), None, seed=0)

    assert found.drawn == 3
    assert not found.by_source


def test_clips_of_one_source_give_no_pair():
    assert by_chance(circle(0, 10, 30), np.zeros(3, np.int32), seed=0).drawn == 0


def test_none_of_a_million_is_not_never():
    found = chance(np.zeros(1_000_000))

    assert found.over(0.1) == 0
    assert found.bound(0.1) == pytest.approx(1.959963984540054**2 / (1e6 + 1.959963984540054**2))  # 3.84 in a million
    assert found.expected(0.1) == pytest.approx(3841, abs=1)


def test_an_epsilon_is_suggested_up_to_one_pair_by_chance_for_a_hundred_clips():
    # of 100 pairs, all there are, 30 lie evenly between .9 and 1: 10 clips may bring .1, 1000 clips 10, 2000 clips 20
    similarity = np.r_[np.linspace(0.9001, 0.9991, 30), np.zeros(70)]

    assert chance(similarity, all_pairs=100, clips=10).suggested(steps(0.7)) is None
    for clips, allowed in ((1000, 10), (2000, 20)):
        found = chance(similarity, all_pairs=100, clips=clips)
        suggested = found.suggested(steps(0.7))
        assert found.over(suggested) <= allowed < found.over(suggested + 0.001)


def test_percentiles_are_of_all_pairs_compared():
    found = chance(np.linspace(0, 1, 100_001)).percentiles()

    assert found["50"] == pytest.approx(0.5)
    assert found["99.99"] == pytest.approx(0.9999)
    assert found["100"] == 1.0
