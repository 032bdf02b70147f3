"""What every captioner must do, whoever wrote it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.captioner.base import Captioner
from vidcurate.records import Answer, Frames
from vidcurate.registry import loaded, registered


@pytest.fixture(params=sorted(registered("captioner")), ids=str)
def component(request) -> Captioner:
    captioner = registered("captioner")[request.param]
    if request.param == "openai":
        return captioner(model="m", base_url=request.getfixturevalue("chat").url)
    if request.param == "vlm":
        return captioner(model=request.getfixturevalue("tiny")("smolvlm"), size=64, precision="fp32", max_tokens=6)
    return captioner()


def clip(component: Captioner, count: int, seed: int) -> Frames:
    """Noise of the size that the captioner asks for."""
    want = component.sampling
    shape = (count, want.height, want.width, 3) if want else (count, 2, 2, 3)
    images = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return frames_of(images)


def test_every_window_gets_an_answer_of_its_own(component):
    clips = [clip(component, 2, seed) for seed in range(3)]
    caption = loaded(component, "cpu")

    captions = caption(clips)

    assert [type(answer) for answer in captions] == [Answer] * 3
    assert all(not (answer.text and answer.failure) for answer in captions)
    assert caption(clips[::-1]) == captions[::-1]
    assert [caption([one])[0] for one in clips] == captions


def test_no_window_has_no_caption(component):
    assert loaded(component, "cpu")([]) == []


def test_a_copy_that_went_through_pickle_says_the_same(component):
    copy = pickle.loads(pickle.dumps(component))
    clips = [clip(component, 2, 5)]

    assert copy == component
    assert copy.load("cpu")(clips) == component.load("cpu")(clips)
