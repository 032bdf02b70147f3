from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from vidcurate.data.order import Order
from vidcurate.errors import ConfigError

ROWS = [np.arange(count, dtype=np.int32) for count in (5, 0, 3, 9, 2)]
GROUPS = ["wide", "wide", "tall", "wide", "tall"]
SAMPLES = sorted((shard, row) for shard, rows in enumerate(ROWS) for row in rows.tolist())
ORDER = Order(batch_size=2)


def epoch_of(order: Order, rank: int = 0, world: int = 1, *, epoch: int = 0, groups=("",) * 5) -> list[list[tuple]]:
    plan = order.plan(ROWS, groups, epoch, rank, world)
    return [[tuple(pair) for pair in plan[index].tolist()] for index in range(len(plan))]


def seen(batches: list[list[tuple]]) -> list[tuple]:
    return sorted(sample for batch in batches for sample in batch)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("groups", [("",) * 5, GROUPS], ids=["one group", "two groups"])
def test_all_ranks_together_see_each_sample_once(shuffle, groups):
    order = replace(ORDER, shuffle=shuffle, even="none")

    assert seen([batch for rank in range(3) for batch in epoch_of(order, rank, 3, groups=groups)]) == SAMPLES


@pytest.mark.parametrize(("even", "steps", "missing", "twice"), [("pad", 4, 0, 2), ("drop", 3, 1, 0)])
def test_ranks_take_equally_many_steps(even, steps, missing, twice):
    order = replace(ORDER, even=even)  # 19 samples are 10 batches, the last of one sample; 3 ranks

    ranks = [epoch_of(order, rank, 3) for rank in range(3)]

    counts = Counter(sample for batches in ranks for sample in seen(batches))
    assert [len(batches) for batches in ranks] == [steps] * 3
    assert [order.num_batches([5, 0, 3, 9, 2], [""] * 5, rank, 3) for rank in range(3)] == [steps] * 3
    assert len(SAMPLES) - len(counts) == missing
    assert sum(count - 1 for count in counts.values()) == twice * 2


def test_an_epoch_is_a_pure_function_of_its_seed_and_number():
    assert epoch_of(ORDER) == epoch_of(Order(batch_size=2))
    assert epoch_of(ORDER, epoch=1) != epoch_of(ORDER)
    assert epoch_of(replace(ORDER, seed=1)) != epoch_of(ORDER)
    assert epoch_of(replace(ORDER, shuffle=False), epoch=1) == epoch_of(replace(ORDER, shuffle=False))
    assert seen(epoch_of(replace(ORDER, shuffle=False))[:3]) == SAMPLES[:6]


def test_a_batch_has_samples_of_one_group_and_groups_take_turns():
    batches = epoch_of(ORDER, groups=GROUPS)

    groups = [{GROUPS[shard] for shard, _ in batch} for batch in batches]
    assert all(len(group) == 1 for group in groups)
    assert sum(a != b for a, b in pairwise(groups)) > 1
    assert len(batches) == ORDER.num_batches([5, 0, 3, 9, 2], GROUPS, 0, 1) == 7 + 3  # 14 wide samples, 5 tall ones


def test_short_batches_are_left_out_if_asked():
    assert {len(batch) for batch in epoch_of(replace(ORDER, drop_last=True), groups=GROUPS)} == {2}


def test_a_window_of_one_mixes_no_shards():
    shards = [shard for batch in epoch_of(replace(ORDER, window=1, batch_size=1)) for shard, _ in batch]

    assert [a for a, b in zip(shards, [*shards[1:], -1], strict=True) if a != b] == list(dict.fromkeys(shards))


def test_what_makes_no_order_is_refused():
    with pytest.raises(
        ConfigError, match=r"batch_size=0: expected 1 or more\n.*window=0.*\n.*even='both': expected one"
    ):
        Order(batch_size=0, window=0, even="both")
