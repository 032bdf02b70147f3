from __future__ import annotations

import pytest

from tests.frames import frames_of
from tests.model.frames import pictures
from vidcurate.captioner.tags import Tags
from vidcurate.model.imagenet import labels
from vidcurate.records import Answer, Sampling
from vidcurate.source.sample import CLIPS
from vidcurate.video.reread import reread

# Classes 604 and 111 are what the reference package sees in these pictures: make_efficientnet_lite_reference.py.
FRAMES = frames_of(pictures(1))


def test_the_most_probable_class_comes_first():
    (answer,) = Tags(min_confidence=0, max_tags=2).load("cpu")([FRAMES])

    assert answer.text.split(", ")[0] == labels()[604]
    assert len(answer.text.split(", ")) == 2


def test_nothing_is_said_without_confidence():
    assert Tags(min_confidence=1).load("cpu")([FRAMES]) == [Answer()]


@pytest.mark.parametrize(("clip", "word"), [("bottles.mp4", "water bottle")])
def test_a_real_clip_is_named(clip, word):
    sampling = Tags().sampling
    assert isinstance(sampling, Sampling)

    frames = reread(str(CLIPS / clip), [sampling])[sampling]

    assert word in Tags().load("cpu")([frames])[0].text
