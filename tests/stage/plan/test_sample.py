from __future__ import annotations

from fractions import Fraction

import pytest

from vidcurate.recipe import Plan
from vidcurate.records import Video, VideoInfo
from vidcurate.stage.plan.census import Entry
from vidcurate.stage.plan.sample import Candidate, candidates, draw


def info(seconds: float, width: int = 640, height: int = 360, codec: str = "h264") -> VideoInfo:
    return VideoInfo(
        width=width,
        height=height,
        rotation=0,
        fps=25.0,
        duration=seconds,
        num_frames=0,
        codec=codec,
        pixel_format="yuv420p",
        audio_codec=None,
        bit_rate=0,
        time_base=Fraction(1, 25),
        origin=0,
    )


def video(number: int, size: int = 1000) -> Video:
    return Video(id=f"v{number}", uri=f"{number:04}.mp4", path=f"/{number}.mp4", size_bytes=size)


def many(*lengths: float, width: int = 640, again: bool = False) -> list[Candidate]:
    return [
        Candidate(video=video(number), info=info(seconds, width), again=again, seconds=seconds)
        for number, seconds in enumerate(lengths)
    ]


def test_a_small_source_is_tried_as_a_whole():
    units = draw(many(60.0, 120.0), Plan(minutes=3, stretch=30), seed=0)

    assert [(unit.weight, unit.seen, unit.start, unit.share) for unit in units] == [(1.0, 1.0, None, 1.0)] * 2


def test_a_sample_keeps_to_what_was_asked_for_and_stands_for_all():
    videos = many(*([20.0] * 900))

    units = draw(videos, Plan(share=0.01, minutes=5), seed=0)  # 1 % are 3 minutes

    assert 240 <= sum(unit.length for unit in units) <= 360
    assert sum(unit.weight for unit in units) == pytest.approx(900)
    assert len({unit.candidate.video.id for unit in units}) == len(units)
    assert all(sum(unit.stratum == number for unit in units) == 2 for number in {unit.stratum for unit in units})


def test_a_large_source_is_bounded_by_max_minutes():
    units = draw(many(*([600.0] * 500)), Plan(share=0.5, max_minutes=20), seed=0)

    assert 1000 <= sum(unit.length for unit in units) <= 1450


def test_of_long_videos_a_stretch_within_them_is_tried():
    units = draw(many(*([3600.0] * 40)), Plan(share=1e-3, minutes=10, stretch=60), seed=3)

    assert len(units) == 10
    assert all(unit.length == 60 and 0 <= unit.start <= 3540 for unit in units)
    assert all(unit.seen == pytest.approx(2 * 60 / (3600 * 8)) for unit in units)


def test_finished_clips_are_looked_at_whole_and_are_strata_of_their_own():
    videos = many(*([300.0] * 40)) + [
        Candidate(video=video(100 + number), info=info(300.0), again=True, seconds=300.0) for number in range(40)
    ]

    units = draw(videos, Plan(minutes=20, stretch=60), seed=0)

    kinds = {unit.stratum: unit.candidate.again for unit in units}
    assert all(kinds[unit.stratum] == unit.candidate.again for unit in units)
    assert {unit.length for unit in units if unit.candidate.again} == {300.0}
    assert {unit.length for unit in units if not unit.candidate.again} == {60.0}


def test_videos_of_a_stratum_are_alike():
    small, large = many(*([30.0] * 100)), many(*([30.0] * 100), width=1920)
    both = small + [
        Candidate(video=video(500 + number), info=one.info, again=False, seconds=30.0)
        for number, one in enumerate(large)
    ]

    units = draw(both, Plan(minutes=5), seed=1)

    widths = {}
    for unit in units:
        widths.setdefault(unit.stratum, set()).add(unit.candidate.info.width)
    assert sum(len(found) > 1 for found in widths.values()) <= 1  # where the two meet
    assert {640, 1920} == set.union(*widths.values())


def test_the_same_seed_draws_the_same_videos_and_another_one_others():
    videos, wishes = many(*([20.0] * 300)), Plan(minutes=2)

    assert draw(videos, wishes, 1) == draw(videos, wishes, 1)
    assert draw(videos, wishes, 1) != draw(videos, wishes, 2)


def test_a_video_that_does_not_say_how_long_it_lasts_is_taken_by_its_bytes():
    entries = [
        Entry(uri="a", size_bytes=1000, fate="new", video=video(0, 1000), info=info(10.0)),
        Entry(uri="b", size_bytes=500, fate="new", video=video(1, 500), info=info(0.0)),
        Entry(uri="c", size_bytes=0, fate="unreadable", why="no container"),
    ]

    assert [one.seconds for one in candidates(entries)] == [10.0, 5.0]
