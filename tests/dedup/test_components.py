from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.test_leader import graphs, linked
from vidcurate.dedup.base import Links
from vidcurate.dedup.components import Components


def chain(*ranks: int) -> Links:
    """Clips of which each is linked to the next."""
    ranked = np.array(ranks)
    left, right = np.arange(len(ranks) - 1), np.arange(1, len(ranks))
    swap = ranked[left] > ranked[right]
    first, second = np.where(swap, right, left), np.where(swap, left, right)
    order = np.argsort(ranked[second], kind="stable")
    return Links(
        ranks=ranked, first=first[order], second=second[order], similarity=np.full(len(left), 0.99, np.float32)
    )


def test_a_chain_is_one_group_and_every_witness_is_one_link_nearer_to_the_one_that_stays():
    assert Components().witnesses(chain(3, 1, 4, 0, 2)).tolist() == [1, 2, 3, 3, 3]


@settings(max_examples=40, deadline=None)
@given(graphs(), st.integers(0, 9))
def test_of_every_group_the_first_by_rank_stays(matrix, seed):
    links = linked(matrix, seed)

    reach = matrix | np.eye(len(matrix), dtype=bool)
    for _ in range(5):
        reach = reach @ reach
    best = {int(np.flatnonzero(row)[links.ranks[row].argmin()]) for row in reach}
    witness = Components().witnesses(links)

    assert set(np.flatnonzero(witness == np.arange(len(matrix)))) == best


@given(graphs(), st.integers(0, 9), st.floats(0.9, 1), st.floats(0.9, 1))
def test_a_larger_epsilon_never_brings_a_clip_back(matrix, seed, one, other):
    links = linked(matrix, seed)
    kept = []
    for bar in (max(one, other), min(one, other)):
        above = links.similarity > bar
        fewer = Links(
            ranks=links.ranks, first=links.first[above], second=links.second[above], similarity=links.similarity[above]
        )
        kept.append(Components().witnesses(fewer) == np.arange(len(matrix)))

    assert (kept[1] <= kept[0]).all()
