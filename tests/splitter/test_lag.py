from __future__ import annotations

import pytest

from tests.splitter.scenes import scenes, thumbnails
from vidcurate.splitter.adaptive import Adaptive
from vidcurate.splitter.base import Splitter
from vidcurate.splitter.content import Content
from vidcurate.splitter.fixed import Fixed
from vidcurate.splitter.fused import Fused
from vidcurate.splitter.hash import Hash
from vidcurate.splitter.hist import Hist
from vidcurate.splitter.transnetv2 import TransNetV2
from vidcurate.splitter.whole import Whole


@pytest.mark.parametrize(
    "splitter",
    [Adaptive(), Content(), Fixed(), Fused(), Hash(), Hist(), TransNetV2(), Whole()],
    ids=lambda splitter: splitter.name,
)
def test_a_frame_is_told_of_before_more_have_passed_than_the_splitter_says(splitter: Splitter):
    most = told = 0

    def frames():
        nonlocal most
        for number, thumbnail in enumerate(thumbnails(scenes([130, 90, 200]), [])):
            most = max(most, number - told)
            yield thumbnail._replace(image=thumbnail.view(*splitter.thumbnail or (0, 0)))

    for shot in splitter.load("cpu")(frames()):
        told = max(told, shot.end)

    assert told == 420
    assert most <= splitter.lag
