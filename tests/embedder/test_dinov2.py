from __future__ import annotations

import numpy as np
import pytest

from tests.embedder.towers import noise, shown
from vidcurate.embedder.dinov2 import Dinov2
from vidcurate.errors import ConfigError


@pytest.mark.parametrize("checkpoint", ["dinov2", "dinov2_with_registers"])
def test_the_vector_is_the_mean_of_what_the_network_says_of_each_frame(tiny, checkpoint):
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny(checkpoint)).eval()
    frames = noise(5)
    said = shown(frames, lambda pixels: model(pixel_values=pixels).last_hidden_state[:, 0])  # the class token
    mean = (said / np.linalg.norm(said, axis=1, keepdims=True)).mean(axis=0)

    embedder = Dinov2(model=tiny(checkpoint), size=32, batch_size=2)
    vectors = embedder.load("cpu")([frames])

    assert embedder.dim == 32
    np.testing.assert_allclose(vectors[0], mean / np.linalg.norm(mean), atol=1e-5)  # float32, other batches


def test_a_size_that_the_patches_do_not_divide_is_refused(tiny):
    with pytest.raises(ConfigError, match=r"embedder\.size=36: .* wants a multiple of 8 pixels"):
        Dinov2(model=tiny("dinov2"), size=36).check()
