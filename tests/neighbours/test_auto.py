from __future__ import annotations

import logging

import numpy as np
import pytest

from tests.neighbours.brute import all_pairs, listed, topics
from vidcurate.cluster.base import Clusters
from vidcurate.neighbours.auto import Auto
from vidcurate.neighbours.exact import Exact
from vidcurate.neighbours.probed import Probed


@pytest.mark.parametrize(
    ("cores", "n", "dim", "choice"),
    [
        # 2 cores make 2 x 2.5e10 x 600 s = 3e13 products: n^2 x dim / 2 with n = 342,000 at 512, 216,000 at 1280.
        (2, 340_000, 512, Exact),
        (2, 345_000, 512, Probed),
        (2, 215_000, 1280, Exact),
        (2, 220_000, 1280, Probed),
        (8, 680_000, 512, Exact),
        (8, 690_000, 512, Probed),
    ],
)
def test_on_a_cpu_the_choice_is_by_products_and_cores(cores, n, dim, choice, monkeypatch):
    monkeypatch.setattr("vidcurate.neighbours.auto.cores", lambda device: cores)

    assert type(Auto().chosen(n, dim, "cpu")) is choice


@pytest.mark.parametrize(("n", "choice"), [(7_000_000, Exact), (8_000_000, Probed)])
def test_a_gpu_compares_millions(n, choice):
    assert type(Auto().chosen(n, 512, "cuda")) is choice


def test_what_is_chosen_takes_over_the_settings_that_all_share():
    for minutes in (1e-9, 10):
        choice = Auto(floor=0.5, max_pairs=7, recall_queries=3, minutes=minutes).chosen(1000, 64, "cpu")

        assert type(choice) is (Probed if minutes < 1 else Exact)
        assert (choice.floor, choice.max_pairs, choice.recall_queries) == (0.5, 7, 3)
        assert choice.chosen(10**9, 64, "cpu") is choice


def test_the_log_says_why(caplog, monkeypatch):
    monkeypatch.setattr("vidcurate.neighbours.auto.cores", lambda device: 2)

    with caplog.at_level(logging.DEBUG):
        Auto().chosen(1_000_000, 512, "cpu")

    line = "auto: neighbours=probed, as comparing all of 1000000 clips x 512 on 2 cores would take about 85 min"
    assert caplog.messages == [f"{line} (minutes=10)"]  # 5e11 x 512 / 5e10 = 5120 s


def test_it_searches_as_what_it_chooses():
    vectors, middles = topics(200, 8, 20, 0.6, seed=0)
    ranks = np.random.default_rng(0).permutation(200)
    clusters = Clusters(labels=np.zeros(200, np.int32), centroids=middles)

    exact, probed = (Auto(floor=0.5, minutes=minutes).load("cpu")(vectors, clusters, ranks) for minutes in (10, 1e-9))

    assert listed(exact, ranks) == all_pairs(vectors, ranks, 0.5)
    assert listed(probed, ranks) == listed(Probed(floor=0.5).load("cpu")(vectors, clusters, ranks), ranks)
    assert len(probed.first) < len(exact.first)
