from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcurate.stage import looks
from vidcurate.stage.copies import Copies, find_copies
from vidcurate.table import HASHES

MAX_BITS = 6
PICTURES = np.random.default_rng(0).integers(1, 2**63, 40, dtype=np.uint64).tolist()


def turned(bits: int, count: int, first: int = 0) -> int:
    """A pHash of which some bits are turned."""
    return bits ^ sum(1 << (first + 5 * bit) % 64 for bit in range(count))


def hashes(*clips: tuple[list[int], float, str]) -> pa.Table:
    rows = [
        {"clip_id": f"{row}", "phash": phash, "duration": duration, "content_hash": content}
        for row, (phash, duration, content) in enumerate(clips)
    ]
    return pa.Table.from_pylist(rows, HASHES)


def seen(*phashes: list[int], durations: tuple[float, ...] = ()) -> pa.Table:
    """Clips whose coded frames differ."""
    durations = durations or (2.0,) * len(phashes)
    clips = zip(phashes, durations, strict=True)
    return hashes(*((phash, length, f"{row}") for row, (phash, length) in enumerate(clips)))


def copies(table: pa.Table, ranks: list[int] | None = None, max_bits: int = MAX_BITS) -> Copies:
    ranks = list(range(table.num_rows)) if ranks is None else ranks
    return find_copies(table, table["clip_id"].to_pylist(), np.array(ranks), max_bits)


def test_of_equal_contents_the_best_ranked_stays():
    table = hashes(*(([], 1.0, content) for content in "aabac"))

    found = copies(table, ranks=[3, 1, 0, 2, 4])

    assert found.witness.tolist() == [1, 1, 2, 1, 4]
    assert found.reason.tolist() == ["exact_copy", "", "", "exact_copy", ""]


@pytest.mark.parametrize(("bits", "is_copy"), [(0, True), (6, True), (7, False), (64, False)])
def test_every_frame_may_differ_by_six_bits(bits, is_copy):
    clip = PICTURES[:4]

    found = copies(seen(clip, [*clip[:3], turned(clip[3], bits)]))

    assert found.reason.tolist() == ["", "perceptual_copy" if is_copy else ""]


@pytest.mark.parametrize(
    ("durations", "is_copy"),
    [((2.0, 2.1), True), ((2.0, 2.11), False), ((60.0, 57.0), True), ((60.0, 56.9), False), ((0.6, 0.7), True)],
)
def test_copies_last_equally_long(durations, is_copy):
    assert (copies(seen(PICTURES[:4], PICTURES[:4], durations=durations)).reason[1] != "") is is_copy


def test_a_copy_that_is_cut_a_frame_shorter_and_has_a_hash_less_is_found():
    assert copies(seen(PICTURES[:4], PICTURES[:5], durations=(2.0, 2.04))).witness.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0]),  # black
        ([0, 0, 0, *PICTURES[:2]], [0, 0, 0, *PICTURES[:2]]),  # mostly black
        ([0, *PICTURES[1:4]], PICTURES[:4]),  # black against a picture
        (PICTURES[:1], PICTURES[:1]),  # one frame
        ([], []),
    ],
)
def test_flat_frames_prove_nothing_and_answer_to_no_picture(one, other):
    assert copies(seen(one, other)).reason.tolist() == ["", ""]


def test_a_black_frame_at_the_start_of_both_does_no_harm():
    clip = [0, *PICTURES[:3]]

    assert copies(seen(clip, clip)).witness.tolist() == [0, 0]


def test_a_copy_of_a_copy_is_none_unless_it_is_near_the_one_that_stays():
    clip = PICTURES[:4]
    chain = seen(clip, *([turned(bits, 5, first) for bits in clip] for first in (0, 1)))
    # 0 and 1 differ by 5 bits, 0 and 2 too, 1 and 2 by 10.

    assert copies(chain).witness.tolist() == [0, 0, 0]
    assert copies(chain, ranks=[1, 0, 2]).witness.tolist() == [1, 1, 2]


def test_an_exact_copy_of_a_perceptual_copy_repeats_the_one_that_stays():
    clip = PICTURES[:4]
    near = [turned(bits, 2) for bits in clip]
    table = hashes((near, 2.0, "near"), (clip, 2.0, "kept"), (near, 2.0, "near"), (clip, 2.0, "kept"))

    found = copies(table, ranks=[1, 0, 2, 3])

    assert found.witness.tolist() == [1, 1, 1, 1]
    assert found.reason.tolist() == ["perceptual_copy", "", "perceptual_copy", "exact_copy"]


def test_clips_without_hashes_are_no_copies():
    found = find_copies(seen(PICTURES[:4], PICTURES[:4]), ("x", "1", "y", "0"), np.array([0, 1, 2, 3]), MAX_BITS)

    assert found.witness.tolist() == [0, 1, 2, 1]
    assert find_copies(HASHES.empty_table(), ("x", "y"), np.array([0, 1]), MAX_BITS).witness.tolist() == [0, 1]
    assert find_copies(seen(PICTURES[:4]), (), np.array([], np.int64), MAX_BITS).witness.tolist() == []


def _frames(picture: int, flips: int, first: int) -> int:
    return 0 if picture == 3 else turned(PICTURES[picture], flips, first)


FRAMES = st.lists(st.builds(_frames, st.integers(0, 3), st.integers(0, 5), st.integers(0, 4)), max_size=4)
CLIPS = st.lists(st.tuples(FRAMES, st.sampled_from([1.0, 1.1, 2.0]), st.sampled_from("abcdefgh")), max_size=24)


def by_definition(table: pa.Table, ranks: list[int], max_bits: int) -> tuple[list[int], list[str]]:
    """One clip after the other, each held against all that stay."""
    clips = table.to_pylist()
    witness, reason = list(range(len(clips))), [""] * len(clips)
    order = sorted(witness, key=ranks.__getitem__)
    first = {clips[row]["content_hash"]: row for row in reversed(order)}
    kept: list[int] = []
    for row in order:
        origin = first[clips[row]["content_hash"]]
        if origin == row:
            witness[row] = next((leader for leader in kept if _alike(clips[leader], clips[row], max_bits)), row)
            kept += [row] * (witness[row] == row)
        witness[row] = witness[origin]
        reason[row] = "" if witness[row] == row else "exact_copy" if witness[row] == origin else "perceptual_copy"
    return witness, reason


def _alike(one: dict, other: dict, max_bits: int) -> bool:
    pairs = list(zip(one["phash"], other["phash"], strict=False))
    lengths = sorted([one["duration"], other["duration"]])
    told = sum(left != 0 for left, _ in pairs)
    return (
        lengths[1] - lengths[0] <= max(0.05 * lengths[1], 0.1)
        and all((left == 0) == (right == 0) and (left ^ right).bit_count() <= max_bits for left, right in pairs)
        and told >= max(2, len(pairs) / 2)
    )


@settings(max_examples=150, deadline=None)
@given(clips=CLIPS, data=st.data(), max_bits=st.integers(0, 8))
def test_what_is_looked_up_is_what_the_definition_says(clips, data, max_bits):
    table = hashes(*clips)
    ranks = data.draw(st.permutations(range(len(clips))))

    with pytest.MonkeyPatch.context() as small:  # so that few clips are halved and looked up as many are
        small.setattr(looks, "FEW", 2)
        small.setattr(looks, "AT_ONCE", 4)
        found = copies(table, ranks, max_bits)

    assert (found.witness.tolist(), found.reason.tolist()) == by_definition(table, ranks, max_bits)


@settings(max_examples=40, deadline=None)
@given(clips=CLIPS, data=st.data())
def test_the_order_of_rows_does_not_matter(clips, data):
    table = hashes(*clips)
    order = np.array(data.draw(st.permutations(range(len(clips)))), np.int64)
    ranks = np.arange(len(clips))

    found = copies(table, ranks.tolist())
    shuffled = copies(table.take(order), ranks[order].tolist())

    assert order[shuffled.witness].tolist() == found.witness[order].tolist()
    assert shuffled.reason.tolist() == found.reason[order].tolist()


def test_thousands_of_copies_of_one_clip_are_a_star():
    clip = PICTURES[:8]
    many = [[turned(bits, row % 3, row) for bits in clip] for row in range(5000)]

    found = copies(seen(clip, *many))

    assert set(found.witness.tolist()) == {0}
