from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.model.frames import pictures
from vidcurate.model.efficientnet_lite import features, maps, pretrained, probabilities
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


def test_maps_are_what_the_features_are_made_from(model):
    seen = torch.from_numpy(maps(model, pictures(), batch=2))
    assert seen.shape == (3, 192, 7, 7)

    with torch.no_grad():
        made = torch.nn.functional.relu6(model.head(model.blocks[-1](seen))).mean(dim=(2, 3))

    np.testing.assert_allclose(made.numpy(), features(model, pictures(), batch=2), atol=1e-4)  # float32


def test_maps_of_other_sizes_have_a_place_every_32_pixels(model):
    assert maps(model, pictures()[:, :160, :96], batch=2).shape == (3, 192, 5, 3)


def test_there_is_a_name_for_every_class():
    assert len(labels()) == 1000
    assert (labels()[0], labels()[1], labels()[207]) == ("tench", "goldfish", "golden retriever")
