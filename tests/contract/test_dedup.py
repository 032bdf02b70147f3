"""What every dedup rule must do, whoever wrote it."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.dedup.base import Dedup, Links
from vidcurate.dedup.order import Candidates
from vidcurate.registry import fingerprint, registered


@pytest.fixture(params=sorted(registered("dedup")), ids=str)
def kind(request) -> type[Dedup]:
    return registered("dedup")[request.param]


def ranks(rule: Dedup, n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    clusters = Clusters.of(vectors, np.arange(n) % 3)
    facts = pa.table({"pixels": rng.integers(1, 3, n), "duration": rng.uniform(size=n)})
    ids = tuple(f"{row:03d}" for row in range(n))
    return rule.ranks(
        Candidates(ids=pa.array(ids, pa.string()), vectors=vectors, clusters=clusters, facts=facts, seed=5)
    )


def links(n: int, share: float, seed: int = 0) -> Links:
    """A share of all pairs, in ranks of their own."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    ranked = np.empty(n, np.int64)
    ranked[order] = np.arange(n)
    second, first = np.tril_indices(n, -1)
    chosen = rng.uniform(size=len(first)) < share
    similarity = rng.uniform(0.9, 1, chosen.sum()).astype(np.float32)
    return Links(ranks=ranked, first=order[first[chosen]], second=order[second[chosen]], similarity=similarity)


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


def test_what_is_applied_late_is_not_part_of_the_fingerprint(kind):
    late = {"eps": 0.5, "scope": "within_source", "eps_within_source": 0.1, "sweep": (0.1, 0.2)}

    assert fingerprint(kind(**late)) == fingerprint(kind())


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.6, 1.0])
def test_whoever_is_dropped_is_linked_to_its_witness_and_the_first_of_all_stays(kind, share):
    given = links(60, share)

    witness = kind().witnesses(given)

    pairs = set(zip(given.first.tolist(), given.second.tolist(), strict=True))
    dropped = np.flatnonzero(witness != np.arange(60))
    assert witness.dtype == np.int64
    assert all((witness[row], row) in pairs or (row, witness[row]) in pairs for row in dropped)
    assert given.ranks.argmin() not in dropped


def test_nothing_is_linked_and_nothing_is_dropped(kind):
    assert kind().witnesses(links(20, 0)).tolist() == list(range(20))
