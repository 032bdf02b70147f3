from __future__ import annotations

from vidcurate.records import Shot
from vidcurate.splitter.cuts import shots_between


def test_cuts_split_the_frames_without_gaps():
    assert shots_between([30, 50], 60) == (Shot(0, 30), Shot(30, 50), Shot(50, 60))


def test_the_order_of_cuts_and_a_cut_on_the_first_frame_do_not_matter():
    assert shots_between([50, 0, 30], 60) == shots_between([30, 50], 60)


def test_a_cut_on_the_last_frame_is_kept():
    assert shots_between([59], 60) == (Shot(0, 59), Shot(59, 60))


def test_a_video_without_cuts_is_one_shot():
    assert shots_between([], 60) == (Shot(0, 60),)


def test_no_frames_are_no_shots():
    assert shots_between([], 0) == ()
