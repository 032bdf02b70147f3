"""What every enhancer must do, whoever wrote it."""

from __future__ import annotations

import pickle

import pytest

from vidcurate.enhancer.base import Enhancer
from vidcurate.records import Answer
from vidcurate.registry import loaded, registered

CAPTIONS = ["A dog runs.", "Two cars pass a house.", "water bottle"]


@pytest.fixture(params=sorted(registered("enhancer")), ids=str)
def component(request) -> Enhancer:
    enhancer = registered("enhancer")[request.param]
    if request.param == "openai":
        return enhancer(model="m", base_url=request.getfixturevalue("chat").url)
    if request.param == "lm":
        return enhancer(model=request.getfixturevalue("tiny")("llama"), max_tokens=6)
    return enhancer()


def test_every_caption_gets_an_answer_of_its_own(component):
    enhance = loaded(component, "cpu")

    answers = enhance(CAPTIONS)

    assert [type(answer) for answer in answers] == [Answer] * 3
    assert all(not (answer.text and answer.failure) for answer in answers)
    assert enhance(CAPTIONS[::-1]) == answers[::-1]
    assert [enhance([caption])[0] for caption in CAPTIONS] == answers


def test_no_caption_has_no_answer(component):
    assert loaded(component, "cpu")([]) == []


def test_a_copy_that_went_through_pickle_says_the_same(component):
    copy = pickle.loads(pickle.dumps(component))

    assert copy == component
    assert copy.load("cpu")(CAPTIONS[:1]) == component.load("cpu")(CAPTIONS[:1])
