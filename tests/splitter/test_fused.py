from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tests.model.frames import shots_with_a_dissolve
from tests.splitter.scenes import found
from tests.splitter.transitions import LATE, between, moving
from vidcurate.records import Shot
from vidcurate.splitter.fused import Fused, Second, without_glimpses
from vidcurate.splitter.transnetv2 import shots_outside


def seen(images, by: int = 50, threshold: float = 0.25) -> list[Shot]:
    """Shots of a network that finds nothing and looks ahead by half a window, and of the second look."""
    second, none = Second(threshold), np.zeros(len(images), bool)

    def flags():
        shown = iter(images)
        for start in range(0, len(images), by):
            for image in islice(shown, by if start else by + 25):
                second.shown(image)
            yield none[start : start + by], none[start : start + by]

    return [shot for shot in without_glimpses(shots_outside(second.joined(flags()))) if not shot.open]


@pytest.mark.parametrize("lead", [40, 63, 97])
def test_a_wipe_anywhere_lies_between_two_shots(lead):
    before, after = seen(between(3, 4, lead, 15, LATE["diagonal"]))

    assert before.start == 0
    assert abs(before.end - lead) <= 2
    assert abs(after.start - (lead + 15)) <= 2
    assert after.end == 2 * lead + 15


def test_a_jump_begins_a_shot_unless_jumps_are_not_looked_for():
    images = np.concatenate([moving(1, 60), moving(1, 160)[100:]]).round().astype(np.uint8)

    assert seen(images) == [Shot(0, 60), Shot(60, 120)]
    assert seen(images, threshold=1.0) == [Shot(0, 120)]


def test_shots_do_not_depend_on_the_blocks_in_which_the_network_answers():
    images = np.concatenate([between(3, 4, 60, 15, LATE["left"]), between(5, 6, 50, 10, LATE["circle"])])

    assert seen(images, by=7) == seen(images, by=50) == seen(images, by=300)


def test_cuts_and_dissolves_are_as_the_network_finds_them():
    frames = shots_with_a_dissolve()

    shots = found(Fused(), ((index / 25, frame) for index, frame in enumerate(frames)))

    assert shots == (Shot(0, 45), Shot(45, 100), Shot(116, 160))  # as in test_transnetv2


@pytest.mark.parametrize(
    ("shots", "kept"),
    [
        ([(0, 50), (60, 64), (70, 120)], [(0, 50), (70, 120)]),
        ([(0, 50), (50, 54), (70, 120)], [(0, 50), (70, 120)]),
        ([(0, 50), (60, 64), (64, 120)], [(0, 50), (64, 120)]),
        ([(0, 50), (50, 54), (54, 120)], [(0, 50), (50, 54), (54, 120)]),
        ([(0, 50), (60, 72), (80, 120)], [(0, 50), (60, 72), (80, 120)]),
        ([(0, 4)], [(0, 4)]),
    ],
)
def test_a_glimpse_beside_a_gradual_transition_is_no_shot(shots, kept):
    told = without_glimpses(Shot(*shot) for shot in shots)

    assert [(shot.start, shot.end) for shot in told] == kept
