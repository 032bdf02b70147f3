from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vidcurate.neighbours.units import units


@given(costs=st.lists(st.integers(0, 1000), max_size=40), workers=st.integers(1, 8))
def test_units_hold_every_job_once_and_none_costs_more_than_the_mean_and_one_job(costs, workers):
    shares = units(costs, workers)

    loads = [sum(costs[job] for job in share) for share in shares]
    assert sorted(job for share in shares for job in share) == list(range(len(costs)))
    assert len(shares) == min(workers, len(costs))
    assert max(loads, default=0) <= sum(costs) / workers + max(costs, default=0)
