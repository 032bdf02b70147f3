from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from vidcurate.records import Shot, Thumbnail
from vidcurate.source.sample import CLIPS
from vidcurate.splitter.base import found
from vidcurate.splitter.looks import Looks, rechecked, stitched
from vidcurate.splitter.whole import Whole
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.probe import probe


@cache
def scenes() -> list[np.ndarray]:
    """Pictures of 160 x 160 pixels out of shots of a reel that ships as a sample."""
    path = str(CLIPS / "reel.mp4")
    frames = Lookahead(path, probe(path), max_bytes=0).thumbnails((160, 160))
    return [thumbnail.image for index, thumbnail in enumerate(frames) if index in (30, 90, 270)]


def video(*shots: tuple[int, int], fps: float = 10.0):
    """Thumbnails of scenes, each (number of the scene, frames)."""
    index = 0
    for seed, frames in shots:
        picture = scenes()[seed]
        for _ in range(frames):

            def view(width: int, height: int, picture=picture):
                rows, columns = np.arange(height) * 160 // height, np.arange(width) * 160 // width
                return np.ascontiguousarray(picture[rows][:, columns])

            yield Thumbnail(index / fps, np.empty((0, 0, 3), np.uint8), view)
            index += 1


def closed(shots) -> list[tuple[int, int]]:
    return [(shot.start, shot.end) for shot in shots if not shot.open]


def never_taken_back(shots: list[Shot]) -> bool:
    whole = [shot for shot in shots if not shot.open]
    return all(any(one.start == shot.start and shot.end <= one.end for one in whole) for shot in shots)


@pytest.mark.parametrize("jump", [20, 23, 30])
def test_a_shot_whose_picture_becomes_another_is_split_at_that_frame(jump):
    shots = list(found(Whole(recheck=True), video((1, jump), (2, 60 - jump)), "cpu"))

    assert closed(shots) == [(0, jump), (jump, 60)]
    assert never_taken_back(shots)


def test_a_shot_that_shows_the_same_throughout_stays_whole_and_is_told_on_the_way():
    shots = list(found(Whole(recheck=True), video((1, 60)), "cpu"))

    assert closed(shots) == [(0, 60)]
    assert any(shot.open and shot.end > 40 for shot in shots)


def test_a_flash_is_no_jump():
    shots = list(found(Whole(recheck=True), video((1, 30), (2, 2), (1, 30)), "cpu"))

    assert closed(shots) == [(0, 62)]


def told(*shots: Shot, looks: Looks):
    """Shots as a splitter tells them once it has seen all frames."""
    for _ in looks:
        pass
    yield from shots


@pytest.mark.parametrize(
    ("seeds", "likeness", "expected"),
    [
        ((1, 1), 0.9, [(0, 40)]),
        ((1, 2), 0.9, [(0, 20), (20, 40)]),
        ((1, 2), 0.0, [(0, 40)]),
        ((1, 1, 1), 0.9, [(0, 60)]),
        ((1, 1, 2), 0.9, [(0, 40), (40, 60)]),
        ((2, 1, 1), 0.9, [(0, 20), (20, 60)]),
    ],
)
def test_shots_that_show_the_same_are_joined(seeds, likeness, expected):
    looks = Looks(video(*((seed, 20) for seed in seeds)), "cpu")
    shots = []
    for number in range(len(seeds)):
        shot = Shot(20 * number, 20 * number + 20)
        shots += [replace(shot, end=shot.end - 5, open=True), shot]
    joined = list(stitched(told(*shots, looks=looks), looks, likeness))

    assert closed(joined) == expected
    assert never_taken_back(joined)


def test_shots_with_a_transition_between_them_are_not_joined():
    looks = Looks(video((1, 40)), "cpu")

    assert closed(stitched(told(Shot(0, 18), Shot(22, 40), looks=looks), looks, 0.5)) == [(0, 18), (22, 40)]


def test_no_shot_is_none():
    looks = Looks(video((1, 5)), "cpu")

    assert list(rechecked([], looks)) == list(stitched([], looks, 0.5)) == []
