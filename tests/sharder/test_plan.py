from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcurate.errors import VidcurateError
from vidcurate.sharder.base import Part, Sample
from vidcurate.sharder.plan import plan
from vidcurate.sharder.webdataset import WebDataset

KIB = 1024


def sample(number: int, kib: int = 8, source: int = 0, **changes) -> Sample:
    plain = Sample(
        key=f"{number:04d}",
        media="",
        num_bytes=kib * KIB,
        width=1280,
        height=720,
        duration=8.0,
        source=f"video-{source}",
        caption="",
        metadata={},
    )
    return replace(plain, **changes)


def sizes(parts: Sequence[Part]) -> list[int]:
    return [len(part.samples) for part in parts]


def num_bytes(part: Part, sharder: WebDataset) -> int:
    return sum(sharder.size(sample) for sample in part.samples) + sharder.closing


MADE = st.lists(
    st.tuples(
        st.integers(0, 40),  # KiB
        st.integers(0, 3),  # source
        st.sampled_from([3.0, 8.0]),
        st.sampled_from(["train", "train", "val"]),
    ),
    max_size=60,
).map(
    lambda rows: [
        sample(number, kib, source, duration=duration, subset=subset)
        for number, (kib, source, duration, subset) in enumerate(rows)
    ]
)
SETTINGS = st.builds(
    dict,
    target_bytes=st.integers(1, 200 * KIB),
    max_samples=st.none() | st.integers(1, 9),
    per_source=st.none() | st.integers(1, 4),
    multiple_of=st.integers(1, 3),
    shuffle=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(MADE, SETTINGS, st.randoms(use_true_random=False))
def test_every_sample_is_in_one_part_and_no_part_passes_a_limit(samples, given, random):
    sharder = WebDataset(bins=("duration",), val=0.1, **given)
    shuffled = random.sample(samples, len(samples))
    shards = Counter(part.subset for part in plan(shuffled, replace(sharder, multiple_of=1), 7))
    if any(
        -(-shards[subset] // sharder.multiple_of) * sharder.multiple_of > clips
        for subset, clips in Counter(one.subset for one in samples).items()
    ):
        with pytest.raises(VidcurateError, match="too few"):
            plan(shuffled, sharder, 7)
        return

    parts = plan(shuffled, sharder, 7)

    assert sorted(one.key for part in parts for one in part.samples) == [one.key for one in samples]
    for part in parts:
        assert num_bytes(part, sharder) <= sharder.target_bytes or len(part.samples) == 1
        assert len(part.samples) <= (sharder.max_samples or len(samples))
        assert max(Counter(one.source for one in part.samples).values()) <= (sharder.per_source or len(samples))
        assert {(one.subset, one.duration) for one in part.samples} == {
            (part.subset, 3.0 if part.bins == {"duration": "0_5"} else 8.0)
        }
    assert all(count % sharder.multiple_of == 0 for count in Counter(part.subset for part in parts).values())
    names = [part.name for part in parts]
    assert names == sorted(set(names))
    assert [(part.name, sizes([part])) for part in plan(samples, sharder, 7)] == [
        (part.name, sizes([part])) for part in parts
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 200 * KIB))
def test_there_are_no_more_shards_than_filling_one_after_the_other_makes(kibs, target):
    samples = [sample(number, kib) for number, kib in enumerate(kibs)]
    sharder = WebDataset(bins=(), target_bytes=target, shuffle=False)
    fewest, filled = 1, sharder.closing
    for one in samples:
        if filled > sharder.closing and filled + sharder.size(one) > target:
            fewest, filled = fewest + 1, sharder.closing
        filled += sharder.size(one)

    parts = plan(samples, sharder, 0)

    assert len(parts) == fewest
    assert [one.key for part in parts for one in part.samples] == [one.key for one in samples]


def test_shards_are_filled_evenly_instead_of_leaving_a_small_last_one():
    parts = plan([sample(number) for number in range(101)], WebDataset(bins=(), max_samples=10), 0)

    assert sorted(sizes(parts)) == [9] * 9 + [10] * 2


def test_the_order_is_that_of_a_hash_and_stays_when_others_come_and_go():
    samples = [sample(number) for number in range(200)]
    sharder = WebDataset(bins=(), max_samples=20)

    def order(samples: Sequence[Sample], seed: int) -> list[str]:
        return [one.key for part in plan(samples, sharder, seed) for one in part.samples]

    half = {one.key for one in samples[::2]}
    assert order(samples[::2], 0) == [key for key in order(samples, 0) if key in half]
    assert order(samples, 0) != order(samples, 1)
    assert order(samples, 0) != sorted(order(samples, 0)) == [one.key for one in samples]


def test_a_cap_on_clips_of_a_source_costs_no_shard_where_sources_are_many():
    sharder = WebDataset(bins=(), target_bytes=400 * KIB)
    samples = [sample(number, 4 + number % 9, number // 10) for number in range(1000)]  # 10 clips of each of 100 videos

    free, capped = plan(samples, sharder, 0), plan(samples, replace(sharder, per_source=1), 0)

    assert max(Counter(one.source for one in free[0].samples).values()) > 1
    assert all(max(Counter(one.source for one in part.samples).values()) == 1 for part in capped)
    assert len(capped) == len(free)
    filled = [num_bytes(part, sharder) for part in capped]
    assert max(filled) - min(filled) < 12 * KIB  # no more than a clip


def test_a_source_of_many_clips_makes_the_shards_that_its_cap_asks_for():
    samples = [sample(number, source=0 if number < 40 else number) for number in range(100)]

    parts = plan(samples, WebDataset(bins=(), per_source=2), 0)

    assert sizes(parts) == [5] * 20
    assert [sum(one.source == "video-0" for one in part.samples) for part in parts] == [2] * 20


def test_the_largest_shards_are_divided_until_readers_share_them_evenly():
    long, short = (
        [sample(number, duration=seconds) for number in range(*span)] for seconds, span in ((8, (90,)), (3, (90, 100)))
    )

    parts = plan([*long, *short], WebDataset(bins=("duration",), multiple_of=8), 0)

    assert [part.name for part in parts] == ["duration_0_5/000000", *(f"duration_5_10/{n:06d}" for n in range(7))]
    assert sorted(sizes(parts)) == [10, 12, 13, 13, 13, 13, 13, 13]


def test_a_multiple_that_clips_do_not_suffice_for_is_refused():
    with pytest.raises(VidcurateError, match=r"multiple_of=8: subset train has 7 clips in 1 shards, too few for 8"):
        plan([sample(number) for number in range(7)], WebDataset(bins=(), multiple_of=8), 0)


def test_subsets_have_folders_only_where_there_are_any():
    samples = [sample(0), sample(1, subset="val")]

    names = [part.name for part in plan(samples, WebDataset(bins=("duration",), val=0.5), 0)]

    assert names == ["train/duration_5_10/000000", "val/duration_5_10/000000"]
    assert [part.name for part in plan(samples[:1], WebDataset(bins=()), 0)] == ["000000"]


@pytest.mark.parametrize("shares", [{"val": 0.5, "test": 0.5}, {"val": -0.1}, {"test": 1.0}])
def test_shares_that_leave_nothing_to_train_are_refused(shares):
    with pytest.raises(pydantic.ValidationError):
        WebDataset(**shares)
