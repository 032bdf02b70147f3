"""What every preview must do, whoever wrote it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.preview.base import Preview
from vidcurate.registry import loaded, registered


@pytest.fixture(params=sorted(registered("preview")), ids=str)
def component(request) -> Preview:
    return registered("preview")[request.param]()


def clip(count: int, height: int = 90, width: int = 160):
    return frames_of(np.random.default_rng(count).integers(0, 256, (count, height, width, 3), np.uint8), fps=1.0)


@pytest.mark.parametrize(("count", "height", "width"), [(1, 90, 160), (7, 240, 426), (3, 240, 136), (2, 2, 2)])
def test_clips_of_any_length_and_shape_are_drawn_the_same_twice(component, count, height, width):
    draw = loaded(component, "cpu")

    assert draw(clip(count, height, width)) == draw(clip(count, height, width))


def test_a_copy_that_went_through_pickle_draws_the_same(component):
    copy = pickle.loads(pickle.dumps(component))

    assert copy == component
    assert copy.load("cpu")(clip(2)) == component.load("cpu")(clip(2))
