from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.model.frames import pictures
from vidcurate.model.device import best_device, inference
from vidcurate.model.efficientnet_lite import features, pretrained


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_a_gpu_is_best_where_there_is_one():
    assert best_device() == ("cuda" if torch.cuda.is_available() else "cpu")


def test_models_run_without_gradients_on_one_thread_which_is_taken_back_afterwards(threads):
    threads(2)

    with inference():
        inside = (torch.get_num_threads(), torch.is_inference_mode_enabled())

    assert inside == (1, True)
    assert (torch.get_num_threads(), torch.is_inference_mode_enabled()) == (2, False)


def test_the_number_of_threads_does_not_show_in_the_features(threads):
    model = pretrained("cpu")
    threads(1)
    alone = features(model, pictures(), batch=2)
    threads(2)

    np.testing.assert_array_equal(features(model, pictures(), batch=2), alone)
