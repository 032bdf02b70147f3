from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.model.frames import pictures
from vidcurate.model.efficientnet_lite import features, pretrained, probabilities
from vidcurate.model.imagenet import labels

REFERENCE = Path(__file__).with_name("efficientnet_lite_reference.npz")  # by make_efficientnet_lite_reference.py


@pytest.fixture(scope="module")
def model():
    return pretrained("cpu")


def test_features_and_probabilities_are_those_of_the_reference_package(model):
    expected = np.load(REFERENCE)
    exponentials = np.exp(expected["logits"] - expected["logits"].max(axis=1, keepdims=True))

    seen = features(model, pictures(), batch=2)

    np.testing.assert_allclose(seen, expected["features"], atol=1e-3)  # batch norms are folded into convolutions
    np.testing.assert_allclose(
        probabilities(model, seen), exponentials / exponentials.sum(axis=1, keepdims=True), atol=1e-4
    )


def test_no_image_has_no_features(model):
    assert features(model, pictures()[:0], batch=8).shape == (0, 1280)


def test_there_is_a_name_for_every_class():
    assert len(labels()) == 1000
    assert (labels()[0], labels()[1], labels()[207]) == ("tench", "goldfish", "golden retriever")
