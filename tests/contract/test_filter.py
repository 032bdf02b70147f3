"""What every filter must do, whoever wrote it."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.errors import MissingExtra, ShapeError
from vidcurate.filter.base import Facts, Filter
from vidcurate.filter.bound import drawn
from vidcurate.records import Frames
from vidcurate.registry import registered

NAMES = sorted(registered("filter"))
COSTLY = {"text"}
"""Whose network takes seconds."""


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] * (name in COSTLY), id=name) for name in NAMES])
def component(request) -> Filter:
    cls = registered("filter")[request.param]
    required = {field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING}
    weights = {"model": "vlm" if request.param == "vlm" else "clip", "head": "aesthetic_head"}
    folders = {name: request.getfixturevalue("tiny")(weights[name]) for name in sorted(required)}
    if "head" in required:
        folders |= {"head": f"{folders['head']}/head.pth", "size": 32}
    made = cls(**folders)
    try:
        made.check()
    except MissingExtra as missing:
        pytest.skip(str(missing))
    return made


def clip(component: Filter, count: int, seed: int = 0) -> Frames | Facts:
    """Noise of the size that the filter asks for, or the facts of a clip if it asks for no frames."""
    if component.sampling is None:
        return Facts(
            duration=count / 4,
            width=320,
            height=180,
            fps=4.0,
            num_bytes=count,
            source_codec="h264",
            source_bit_rate=seed,
        )
    sides = component.sampling.height, component.sampling.width
    if component.sampling.fit == "inside":
        sides = 180, 320  # whatever lies inside
    shape = (count, *sides, 3)
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
    if component.sampling is None:
        pytest.skip("sees no frames")
    frames = clip(component, 4)
    before = frames.images.copy()
    component.load("cpu")(frames)

    np.testing.assert_array_equal(frames.images, before)


def test_a_filter_without_bounds_keeps_everything(component):
    assert component.reason(component.load("cpu")(clip(component, 4))) is None


def test_floats_are_no_frames(component):
    if component.sampling is None:
        pytest.skip("sees no frames")
    frames = clip(component, 4)

    with pytest.raises(ShapeError, match="uint8"):
        component.load("cpu")(dataclasses.replace(frames, images=frames.images.astype(np.float32)))


def test_every_bound_is_a_setting_that_changes_no_score_and_names_a_score(component):
    scores = component.load("cpu")(clip(component, 4, seed=1))

    for limit in component.limits:
        assert limit.key in component.volatile
        assert limit.score in scores
        assert limit.reason == limit.reason.lower().replace(" ", "_")


def test_a_bound_at_the_middle_of_all_clips_drops_less_than_all(component):
    scores = [component.load("cpu")(clip(component, 4, seed=seed)) for seed in (1, 2, 3)]
    values = {name: [each[name] for each in scores] for name in scores[0]}

    for limit in component.limits:
        settled, lines = drawn(dataclasses.replace(component, **{limit.key: "p50"}), values)
        assert [line.value for line in lines] == [np.median(values[limit.score])]
        assert any(settled.reason(each) is None for each in scores)
