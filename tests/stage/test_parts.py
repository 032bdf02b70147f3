from __future__ import annotations

from itertools import pairwise

import pytest

from vidcurate.records import Shot, Video
from vidcurate.splitter.adaptive import Adaptive
from vidcurate.splitter.whole import Whole
from vidcurate.stage.parts import parts_of
from vidcurate.video.decode import Decoding
from vidcurate.video.index import index
from vidcurate.video.probe import probe


def cut(path, splitter, length: float):
    video = Video(id="v", uri=path.name, path=str(path), size_bytes=path.stat().st_size)
    return parts_of(video, str(path), probe(str(path)), splitter, length)


def test_parts_tile_the_video_and_begin_to_look_well_before_their_first_frame(make_video):
    parts = cut(make_video(shots=(1000,), gop=30), Adaptive(), 8.0)  # 40 s; reach 250 frames

    assert [(part.first, part.last) for part in parts] == [(0, 200), (200, 400), (400, 600), (600, 800), (800, 1000)]
    assert [part.since.index for part in parts] == [0, 0, 0, 250, 500]
    assert all(part.since.key <= part.since.ticks[part.since.index] for part in parts)
    assert all(one.number + 1 == other.number for one, other in pairwise(parts))


@pytest.mark.parametrize(
    ("splitter", "length"),
    [(Adaptive(), 5.0), (Adaptive(on_short="merge"), 1.0), (Whole(), 1.0)],
    ids=["short", "neighbours decide", "whole"],
)
def test_videos_that_are_short_or_must_be_seen_whole_have_no_parts(make_video, splitter, length):
    assert cut(make_video(shots=(100,)), splitter, length) == ()


def test_a_part_owns_the_shots_that_begin_in_it(make_video):
    part = cut(make_video(shots=(1000,), gop=30), Adaptive(), 8.0)[3]  # 600 to 800, seen from 250 on
    told = [Shot(0, 340), Shot(340, 350), Shot(350, 400, open=True), Shot(350, 549), Shot(549, 700), Shot(700, 750)]

    assert list(part.own(told)) == [Shot(600, 650, open=True), Shot(600, 799), Shot(799, 950)]


@pytest.mark.parametrize("first", [0, 1, 29, 30, 61, 99])
def test_decoding_begins_at_any_frame_with_those_that_the_packets_list(make_video, first):
    path = str(make_video("a.ts", shots=(100,), gop=30, times=range(250, 350)))
    info, listed = probe(path), index(path)
    whole = [ticks for ticks, _ in Decoding(path, info)]

    assert listed.ticks.tolist() == whole
    assert [ticks for ticks, _ in Decoding(path, info, listed.since(first))] == whole[first:]
