from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcurate.sharder.divide import Limits, divide, halve


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=40), st.data())
def test_where_no_source_is_capped_there_are_as_many_shards_as_asked_for_or_needed(made, data):
    sizes, sources = (np.array(column) for column in zip(*made, strict=True))
    limits = Limits(
        num_bytes=data.draw(st.integers(-9, 200)), num_samples=data.draw(st.none() | st.integers(1, 9)), per_source=None
    )
    count = data.draw(st.integers(1, len(made)))

    needed = len(divide(sizes, sources, limits))

    assert len(divide(sizes, sources, limits, count)) == max(count, needed)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=30), st.data())
def test_halving_gives_the_number_asked_for_and_loses_no_row(kibs, data):
    sizes = np.array(kibs)
    count = data.draw(st.integers(1, len(kibs)))

    shards = halve([np.arange(1, len(kibs)), np.arange(1)], sizes, count)

    assert len(shards) == max(count, 2)
    assert sorted(np.concatenate(shards).tolist()) == list(range(len(kibs)))
    assert all(len(rows) for rows in shards)
