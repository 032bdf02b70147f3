"""What every filter must do, whoever wrote it."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.errors import MissingExtra, ShapeError
from vidcurate.filter.base import Filter
from vidcurate.records import Frames
from vidcurate.registry import registered


@pytest.fixture(params=sorted(registered("filter")), ids=str)
def component(request) -> Filter:
    made = registered("filter")[request.param]()
    try:
        made.check()
    except MissingExtra as missing:
        pytest.skip(str(missing))
    return made


def clip(component: Filter, count: int, seed: int = 0) -> Frames:
    """Noise of the size that the filter asks for."""
    shape = (count, component.sampling.height, component.sampling.width, 3)
    images = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return frames_of(images)


def test_a_copy_that_went_through_pickle_gives_the_same_scores(component):
    copy = pickle.loads(pickle.dumps(component))

    assert copy == component
    assert hash(copy) == hash(component)
    assert copy.load("cpu")(clip(component, 5)) == component.load("cpu")(clip(component, 5))


def test_the_scores_of_a_clip_do_not_depend_on_what_was_seen_before(component):
    score = component.load("cpu")
    first = score(clip(component, 5))
    score(clip(component, 7, seed=1))

    assert score(clip(component, 5)) == first


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_scores_are_finite_and_have_the_same_names_whatever_the_length(component, count):
    scores = component.load("cpu")(clip(component, count))

    assert scores.keys() == component.load("cpu")(clip(component, 4)).keys()
    assert all(math.isfinite(value) for value in scores.values())


def test_frames_are_not_changed(component):
    frames = clip(component, 4)
    before = frames.images.copy()
    component.load("cpu")(frames)

    np.testing.assert_array_equal(frames.images, before)


def test_a_filter_without_bounds_keeps_everything(component):
    assert component.reason(component.load("cpu")(clip(component, 4))) is None


def test_floats_are_no_frames(component):
    frames = clip(component, 4)

    with pytest.raises(ShapeError, match="uint8"):
        component.load("cpu")(replace(frames, images=frames.images.astype(np.float32)))
