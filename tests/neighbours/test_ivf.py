from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.neighbours.brute import all_pairs, listed, topics
from vidcurate.cluster.base import Clusters
from vidcurate.errors import MissingExtra
from vidcurate.neighbours import approximate
from vidcurate.neighbours.ivf import IVF

pytest.importorskip("faiss", reason="needs faiss")


def search(vectors, ranks, **options):
    return IVF(**options).load("cpu")(vectors, Clusters.of(vectors, np.zeros(len(vectors), int)), ranks)


@pytest.fixture
def vectors() -> np.ndarray:
    return topics(1000, 16, 20, 0.6, seed=0)[0]


@pytest.fixture
def ranks() -> np.ndarray:
    return np.random.default_rng(0).permutation(1000)


def test_nearly_all_pairs_are_found_and_no_others(vectors, ranks):
    every = all_pairs(vectors, ranks, 0.9)

    found = listed(search(vectors, ranks, floor=0.9), ranks)

    assert found <= every
    assert 0.99 * len(every) < len(found)


def test_fewer_probes_find_fewer(vectors, ranks):
    counts = [len(search(vectors, ranks, floor=0.8, probes=probes).first) for probes in (1, 2, 32)]

    assert counts == sorted(set(counts))
    assert counts[-1] == len(all_pairs(vectors, ranks, 0.8))  # 32 lists are all there are


def test_the_order_of_the_rows_and_blocks_are_irrelevant(vectors, ranks, monkeypatch):
    shuffled = np.random.default_rng(1).permutation(1000)
    straight = listed(search(vectors, ranks, probes=2), ranks)

    monkeypatch.setattr(approximate, "BLOCK", 77)
    mixed = listed(search(vectors[shuffled], ranks[shuffled], probes=2), ranks[shuffled])

    assert mixed == straight


def test_k_limits_what_is_listed_and_that_is_said(vectors, ranks, caplog):
    graph = search(vectors, ranks, floor=0.5, k=3)

    named = np.bincount(np.concatenate([graph.first, graph.second]), minlength=1000)
    assert named.min() >= 3  # its own three, and those that have it among theirs
    assert len(graph.first) <= 3000
    assert "1000 of 1000 clips have at least 3 near ones, and no more are listed; raise neighbours.k" in caplog.text


def test_a_k_that_lists_everyone_is_silent(vectors, caplog):
    graph = search(vectors[:50], np.arange(50), floor=-1, probes=100, k=49)

    assert len(graph.first) == 50 * 49 // 2
    assert not caplog.records


def test_where_pairs_do_not_fit_the_most_similar_stay(vectors, ranks):
    graph = search(vectors, ranks, floor=0.5, probes=100, max_pairs=100)

    assert len(graph.first) == 100
    assert listed(graph, ranks) == all_pairs(vectors, ranks, graph.floor)


@pytest.mark.parametrize("ask", [IVF.check, lambda component: component.load("cpu")])
def test_without_faiss_it_says_what_to_install(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"ivf needs faiss-cpu.*vidcurate\[cpu\]"):
        ask(IVF())


@pytest.mark.gpu
def test_a_gpu_finds_nearly_all_pairs(vectors, ranks):
    import faiss

    if not faiss.get_num_gpus():
        pytest.skip("needs a CUDA device and faiss-gpu")
    every = all_pairs(vectors, ranks, 0.9)

    graph = IVF(floor=0.9).load("cuda")(vectors, Clusters.of(vectors, np.zeros(1000, int)), ranks)

    assert 0.99 * len(every) < len(listed(graph, ranks) & every)
