"""What every dedup rule must do, whoever wrote it."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.dedup.base import Dedup
from vidcurate.neighbours.base import Nearest
from vidcurate.registry import fingerprint, registered


@pytest.fixture(params=sorted(registered("dedup")), ids=str)
def kind(request) -> type[Dedup]:
    return registered("dedup")[request.param]


def ranks(rule: Dedup, n: int) -> np.ndarray:
    vectors = np.random.default_rng(n).normal(size=(n, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    clusters = Clusters.of(vectors, np.arange(n) % 3)
    return rule.ranks(tuple(f"{row:03d}" for row in range(n)), vectors, clusters, 5)


def test_a_copy_that_went_through_pickle_is_equal_and_ranks_equally(kind):
    copy = pickle.loads(pickle.dumps(kind()))

    assert copy == kind()
    assert hash(copy) == hash(kind())
    assert ranks(copy, 30).tolist() == ranks(kind(), 30).tolist()


@pytest.mark.parametrize("n", [1, 2, 30])
def test_ranks_are_a_permutation_that_epsilon_does_not_change(kind, n):
    ranked = ranks(kind(eps=0.01), n)

    assert sorted(ranked) == list(range(n))
    assert ranked.dtype == np.int64
    assert ranks(kind(eps=0.5), n).tolist() == ranked.tolist()


def test_epsilon_is_not_part_of_the_fingerprint(kind):
    assert fingerprint(kind(eps=0.5)) == fingerprint(kind(eps=0.01))


def test_a_larger_epsilon_never_brings_a_clip_back(kind):
    similarity = np.random.default_rng(0).uniform(-1, 1, 50).astype(np.float32)
    nearest = Nearest(index=np.maximum(np.arange(50) - 1, 0), similarity=similarity)

    dropped = [kind().duplicates(nearest, eps) for eps in (0.0, 0.01, 0.5, 2.0)]

    assert all(fewer.dtype == np.bool_ and fewer.shape == (50,) for fewer in dropped)
    assert all((fewer <= more).all() for fewer, more in itertools.pairwise(dropped))
    assert not any(fewer[0] for fewer in dropped)
