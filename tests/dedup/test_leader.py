from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vidcurate.dedup.base import Links
from vidcurate.dedup.leader import Leader


def linked(matrix: np.ndarray, seed: int) -> Links:
    """The pairs of a symmetric 0/1 matrix, in a random order of rank."""
    n = len(matrix)
    order = np.random.default_rng(seed).permutation(n)
    ranks = np.empty(n, np.int64)
    ranks[order] = np.arange(n)
    second, first = np.tril_indices(n, -1)
    chosen = matrix[order[first], order[second]]
    similarity = np.random.default_rng(seed).uniform(0.9, 1, int(chosen.sum())).astype(np.float32)
    return Links(ranks=ranks, first=order[first[chosen]], second=order[second[chosen]], similarity=similarity)


def graphs():
    sizes = st.integers(1, 24)
    return sizes.flatmap(lambda n: arrays.arrays(np.bool_, (n, n))).map(lambda matrix: matrix | matrix.T)


@given(graphs(), st.integers(0, 9))
def test_no_clip_is_an_orphan_and_no_two_that_stay_are_linked(matrix, seed):
    links = linked(matrix, seed)

    witness = Leader().witnesses(links)

    rows = np.arange(len(matrix))
    kept = witness == rows
    assert kept[witness].all()
    assert matrix[rows[~kept], witness[~kept]].all()
    assert not (kept[links.first] & kept[links.second]).any()


@given(graphs(), st.integers(0, 9))
def test_it_is_what_one_clip_after_the_other_gives(matrix, seed):
    links = linked(matrix, seed)

    kept: list[int] = []
    for row in np.argsort(links.ranks):
        if not matrix[row, kept].any():
            kept.append(row)

    assert np.flatnonzero(Leader().witnesses(links) == np.arange(len(matrix))).tolist() == sorted(kept)


def test_the_witness_is_the_most_similar_of_those_that_stay():
    links = Links(
        ranks=np.arange(4),
        first=np.array([0, 0, 1, 2]),
        second=np.array([2, 3, 3, 3]),
        similarity=np.array([0.95, 0.91, 0.92, 0.99], np.float32),
    )

    assert Leader().witnesses(links).tolist() == [0, 1, 0, 1]
