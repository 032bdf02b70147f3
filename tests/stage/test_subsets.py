from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stage.cut import cut, decisions
from vidcurate.stage.samples import kept_clips
from vidcurate.stage.subsets import subsets


def divided(
    videos: Mapping[str, str], witnesses: Mapping[str, str], val: float, test: float = 0.0, seed: int = 0
) -> dict[str, str]:
    """Subset by video of clips `{clip: video}` and decisions `{clip: witness}`."""
    clips, decided = cut(videos).clips, decisions(witnesses)
    return subsets(clips, decided, kept_clips(clips, decided)["clip_id"], val, test, seed)


def leaks(videos: Mapping[str, str], witnesses: Mapping[str, str], sides: Mapping[str, str]) -> int:
    """Decisions that link clips of two sides, the naive way: clip by clip."""
    return sum(
        sides[clip] != sides[witness] for clip, witness in witnesses.items() if clip in sides and witness in sides
    )


def chains(count: int) -> tuple[dict[str, str], dict[str, str]]:
    """Triples of videos A ~ B ~ C: one clip of A is dropped for one of B, and another one of B for one of C."""
    videos, witnesses = {}, {}
    for number in range(count):
        names = [f"{number:02d}-{letter}" for letter in "abc"]
        for name in names:
            videos |= {f"{name}{part}": name for part in range(4)}
        witnesses |= {clip: clip for clip in videos if clip not in witnesses}
        a, b, c = names
        witnesses |= {f"{a}0": f"{b}0", f"{b}1": f"{c}1"}
    return videos, witnesses


def test_a_chain_of_duplicates_that_were_dropped_keeps_its_videos_together():
    videos, witnesses = chains(30)
    kept = [clip for clip, witness in witnesses.items() if clip == witness]
    shuffled = np.random.default_rng(0).permutation(kept)
    naive = {clip: "val" if rank < 30 else "train" for rank, clip in enumerate(shuffled)}

    sides = divided(videos, witnesses, val=0.1, test=0.1)

    by_video = {(videos[clip], side) for clip, side in naive.items()}
    assert len(by_video) > len(set(videos.values()))  # a split by clip has videos on both sides
    by_clip = {clip: sides[video] for clip, video in videos.items()}
    assert leaks(videos, witnesses, by_clip) == 0
    assert all(sides[f"{n:02d}-a"] == sides[f"{n:02d}-b"] == sides[f"{n:02d}-c"] for n in range(30))
    assert [sum(by_clip[clip] == side for clip in kept) for side in ("train", "val", "test")] == [240, 30, 30]


def test_a_split_by_video_alone_leaks_where_ours_does_not():
    videos, witnesses = chains(30)

    by_video = divided(videos, {clip: clip for clip in videos}, val=0.1)
    ours = divided(videos, witnesses, val=0.1)

    assert leaks(videos, witnesses, {clip: by_video[video] for clip, video in videos.items()}) > 0
    assert leaks(videos, witnesses, {clip: ours[video] for clip, video in videos.items()}) == 0


LINKED = st.integers(1, 40).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(0, 12), min_size=count, max_size=count),  # video
        st.lists(st.none() | st.integers(0, count - 1), min_size=count, max_size=count),  # witness, if it comes earlier
        st.sampled_from([(0.1, 0.0), (0.1, 0.2), (0.5, 0.3)]),
    )
)


@settings(max_examples=50, deadline=None)
@given(LINKED)
def test_no_video_and_no_duplicate_is_on_two_sides_whatever_links_there_are(made):
    numbers, wanted, (val, test) = made
    videos = {f"c{row:02d}": f"v{number:02d}" for row, number in enumerate(numbers)}
    witnesses = {f"c{row:02d}": f"c{row if to is None else min(row, to):02d}" for row, to in enumerate(wanted)}

    sides = divided(videos, witnesses, val, test)

    assert sides.keys() == set(videos.values())
    assert leaks(videos, witnesses, {clip: sides[video] for clip, video in videos.items()}) == 0
    assert sides == divided(dict(reversed(videos.items())), dict(reversed(witnesses.items())), val, test)


def test_shares_are_met_but_for_half_the_smallest_video_that_is_left():
    lengths = [7, 1, 30, 4, 2, 2, 9, 1, 20, 24]  # 100 clips
    videos = {f"{video}-{clip}": f"v{video}" for video, length in enumerate(lengths) for clip in range(length)}

    for seed in range(20):
        sides = divided(videos, {clip: clip for clip in videos}, val=0.15, test=0.1, seed=seed)

        held = {
            side: [lengths[int(name[1:])] for name in sides if sides[name] == side] for side in ("train", "val", "test")
        }
        assert abs(sum(held["val"]) - 15) <= min(held["train"] + held["test"]) / 2
        assert abs(sum(held["test"]) - 10) <= min(held["train"]) / 2


def test_a_large_video_is_as_likely_to_be_held_out_as_a_small_one_while_there_is_room():
    lengths = {f"v{video}": 20 if video % 2 else 1 for video in range(100)}
    videos = {f"{video}-{clip}": video for video, length in lengths.items() for clip in range(length)}
    alone = {clip: clip for clip in videos}

    held = [
        name for seed in range(20) for name, side in divided(videos, alone, 0.2, seed=seed).items() if side == "val"
    ]

    large = sum(lengths[name] == 20 for name in held)
    assert 0.35 < large / len(held) < 0.5  # half but for the last gap, which small ones fill


def test_videos_that_another_dataset_knows_the_same_clip_of_are_linked_by_it():
    videos = {clip: f"v{number // 2}" for number, clip in enumerate("abcdef")}
    witnesses = {"a": "theirs", "b": "b", "c": "theirs", "d": "d", "e": "another", "f": "f"}

    for seed in range(9):
        sides = divided(videos, witnesses, val=0.34, seed=seed)

        assert sides == {"v0": "train", "v1": "train", "v2": "val"}


def test_without_dedup_videos_are_divided_all_the_same():
    clips = cut({f"c{number}": f"v{number // 2}" for number in range(20)}).clips

    sides = subsets(clips, None, clips["clip_id"], 0.2, 0.0, 0)

    assert sorted(sides.values()) == ["train"] * 8 + ["val"] * 2


def test_a_share_that_no_clip_comes_to_is_said(caplog):
    videos = {f"c{number:02d}": f"v{number // 10}" for number in range(20)}

    with caplog.at_level("INFO"):
        sides = divided(videos, {clip: clip for clip in videos}, val=0.1)

    assert set(sides.values()) == {"train"}
    assert "20 clips from 2 groups of videos: 100.00% train of 90.00%, 0.00% val of 10.00%" in caplog.text
    assert "no clip is in val, of which 10.00% were asked for" in caplog.text


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.2, 0.0)])
def test_no_clips_make_no_subsets(shares):
    empty = cut({}).clips

    assert subsets(empty, None, pa.chunked_array([], pa.string()), *shares, 0) == {}
