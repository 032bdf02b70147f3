from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tests.media import read_number
from vidcurate.errors import DecodeError
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.probe import probe


def ahead(path, max_bytes: int = 2**30) -> Lookahead:
    return Lookahead(str(path), probe(str(path)), max_bytes=max_bytes)


def numbers(taken) -> list[int]:
    return [read_number(frame.to_ndarray(format="rgb24")) for _, frame in taken]


def test_thumbnails_carry_seconds_from_the_first_frame_and_leave_the_ticks_behind(make_video):
    frames = ahead(make_video("late.ts", shots=(3, 3), times=range(250, 256)))
    thumbnails = list(frames.thumbnails((48, 27)))

    assert [entry.time for entry in thumbnails] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.2])
    assert {entry.image.shape for entry in thumbnails} == {(27, 48, 3)}
    assert np.abs(thumbnails[2].image.astype(int) - thumbnails[3].image).mean() > 10  # another scene
    assert frames.borders == [900_000 + 3600 * number for number in range(7)]


def test_a_thumbnail_shows_the_frame_at_hand_at_any_size(make_video):
    frames = ahead(make_video(shots=(4,)))
    views = [(entry.image.shape, read_number(entry.view(320, 176))) for entry in frames.thumbnails(None)]

    assert views == [((0, 0, 3), number) for number in range(4)]


@pytest.mark.parametrize("max_bytes", [2**30, 320 * 176 * 3 // 2 * 5, 0])
def test_every_frame_is_there_when_it_is_taken_whether_it_waited_or_not(make_video, max_bytes):
    frames = ahead(make_video(shots=(30,)), max_bytes)
    taken = []
    for index, _ in enumerate(frames.thumbnails(None)):
        if index == 12:
            frames.forget(5)
            taken += frames.take(6, 9)
    taken += frames.take(9, 11)
    taken += frames.take(28, 30)

    assert numbers(taken) == [6, 7, 8, 9, 10, 28, 29]
    assert [tick for tick, _ in taken] == [frames.borders[number] for number in (6, 7, 8, 9, 10, 28, 29)]


def test_frames_that_are_forgotten_make_room(make_video):
    size = ahead(make_video(shots=(1,)))
    next(iter(size.thumbnails(None)))
    frames = ahead(make_video(shots=(30,)), max_bytes=5 * size.waiting_bytes)
    for index, _ in enumerate(frames.thumbnails(None)):
        frames.forget(index - 3)

        assert 0 < frames.waiting_bytes <= 5 * size.waiting_bytes


def test_no_frame_waits_where_too_many_would_have_to(make_video):
    path = make_video(shots=(30,))
    first = ahead(path)
    next(first.thumbnails(None))
    room = 8 * first.waiting_bytes
    for waits, shown, waiting in ((8, 8, room), (9, 8, 0), (99, 30, 0)):
        frames = Lookahead(str(path), probe(str(path)), waits, room)
        assert max(frames.waiting_bytes for _ in islice(frames.thumbnails(None), shown)) == waiting

    whole = Lookahead(str(path), probe(str(path)), 99, 30 * first.waiting_bytes)  # which has no more frames
    assert max(whole.waiting_bytes for _ in whole.thumbnails(None)) == 30 * first.waiting_bytes


def test_a_file_that_changes_while_it_is_decoded_twice_is_an_error(make_video):
    path, other = make_video("a.mp4", shots=(30,)), make_video("b.mp4", shots=(10,))
    frames = ahead(path, max_bytes=0)
    list(frames.thumbnails(None))
    path.write_bytes(other.read_bytes())

    with pytest.raises(DecodeError, match="has changed"):
        list(frames.take(5, 20))
