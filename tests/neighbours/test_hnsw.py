from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.neighbours.brute import all_pairs, listed, topics
from vidcurate.cluster.base import Clusters
from vidcurate.errors import MissingExtra
from vidcurate.neighbours.hnsw import HNSW

faiss = pytest.importorskip("faiss", reason="needs faiss")


def search(vectors, ranks, **options):
    return HNSW(**options).load("cpu")(vectors, Clusters.of(vectors, np.zeros(len(vectors), int)), ranks)


@pytest.fixture
def vectors() -> np.ndarray:
    return topics(1000, 16, 20, 0.6, seed=0)[0]


@pytest.fixture
def ranks() -> np.ndarray:
    return np.random.default_rng(0).permutation(1000)


def test_nearly_all_pairs_are_found_and_no_others(vectors, ranks):
    every = all_pairs(vectors, ranks, 0.95)

    found = listed(search(vectors, ranks, floor=0.95), ranks)

    assert found <= every
    assert 0.99 * len(every) < len(found)


def test_threads_do_not_show_and_are_given_back(vectors, ranks):
    before = faiss.omp_get_max_threads()
    try:
        found = []
        for threads in (1, 4):
            faiss.omp_set_num_threads(threads)
            found.append(listed(search(vectors, ranks, k=8), ranks))
            assert faiss.omp_get_max_threads() == threads
    finally:
        faiss.omp_set_num_threads(before)

    assert found[0] == found[1]


def test_the_order_of_the_rows_is_irrelevant(vectors, ranks):
    shuffled = np.random.default_rng(1).permutation(1000)

    mixed = listed(search(vectors[shuffled], ranks[shuffled]), ranks[shuffled])

    assert mixed == listed(search(vectors, ranks), ranks)


def test_more_clips_than_k_alike_are_told_of(vectors, ranks, caplog):
    search(vectors, ranks, floor=0.5, k=4)

    assert "clips have at least 4 near ones, and no more are listed; raise neighbours.k" in caplog.text


@pytest.mark.parametrize("ask", [HNSW.check, lambda component: component.load("cpu")])
def test_without_faiss_it_says_what_to_install(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"hnsw needs faiss-cpu.*vidcurate\[cpu\]"):
        ask(HNSW())
