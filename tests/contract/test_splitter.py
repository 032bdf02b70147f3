"""What every splitter must do, whoever wrote it."""

from __future__ import annotations

import pickle
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from tests.splitter.scenes import found
from vidcurate.registry import registered
from vidcurate.splitter.base import Splitter


@pytest.fixture(params=sorted(registered("splitter")), ids=str)
def component(request) -> Splitter:
    return registered("splitter")[request.param]()


def thumbnails(component: Splitter, count: int):
    """Two scenes of equal length at 25 frames a second, in the size that the splitter asks for."""
    width, height = component.thumbnail or (0, 0)
    scenes = np.random.default_rng(3).integers(0, 256, (2, height, width, 3), np.uint8)
    return [(index / 25, scenes[2 * index // max(count, 1)]) for index in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_shots_rise_do_not_overlap_and_stay_within_the_video(component, count):
    shots = found(component, iter(thumbnails(component, count)))

    assert all(0 <= shot.start < shot.end <= count for shot in shots)
    assert all(one.end <= other.start for one, other in pairwise(shots))
    assert bool(shots) == (count > 0)


def test_a_copy_that_went_through_pickle_finds_the_same_shots(component):
    copy = pickle.loads(pickle.dumps(component))

    assert copy == component
    assert found(copy, thumbnails(component, 50)) == found(component, thumbnails(component, 50))


def test_a_video_is_not_influenced_by_the_one_before(component):
    detect = partial(found, component)
    first = detect(thumbnails(component, 50))
    detect(thumbnails(component, 33))

    assert detect(thumbnails(component, 50)) == first
