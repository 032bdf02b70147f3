from __future__ import annotations

import numpy as np
import pytest

from tests.cluster.vectors import directions, groups, unit
from vidcurate.cluster import hierarchical
from vidcurate.cluster.hierarchical import Hierarchical


@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_no_cluster_is_larger_than_asked_for(metric):
    clusters = Hierarchical(max_size=50, metric=metric).load("cpu")(directions(1500), 0)

    sizes = np.bincount(clusters.labels)
    assert sizes.max() <= 50
    assert sizes.min() >= 1
    assert len(sizes) < 150  # they hold ten on average at least


def test_what_fits_is_not_split():
    assert set(Hierarchical(max_size=50).load("cpu")(directions(50), 0).labels) == {0}


def test_a_large_group_is_split_and_a_small_one_is_not():
    vectors = np.concatenate([groups(2, 500)[:500], groups(2, 500)[500:520]])

    labels = Hierarchical(max_size=100).load("cpu")(vectors, 0).labels

    assert len(set(labels[:500])) >= 5
    assert not set(labels[:500]) & set(labels[500:])


def test_equal_vectors_stay_together_whatever_their_number():
    vectors = np.concatenate([np.repeat(directions(1), 300, axis=0), directions(300)[1:]])

    labels = Hierarchical(max_size=20).load("cpu")(vectors, 0).labels

    assert len(set(labels[:300])) == 1
    assert np.bincount(labels[300:]).max() <= 20


def test_vectors_that_differ_by_a_rounding_end_it(monkeypatch):
    monkeypatch.setattr(hierarchical, "DEPTH", 3)
    noise = np.random.default_rng(0).normal(scale=3e-8, size=(400, 8))

    labels = Hierarchical(max_size=5).load("cpu")(unit(directions(1) + noise), 0).labels

    assert labels.shape == (400,)
