from __future__ import annotations

import numpy as np
import pytest

from tests.embedder.towers import noise, shown
from vidcurate.embedder.siglip import Siglip
from vidcurate.errors import ConfigError


@pytest.mark.parametrize("checkpoint", ["siglip", "whole_siglip"])
def test_the_vector_is_the_mean_of_what_the_network_says_of_each_frame(tiny, checkpoint):
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny(checkpoint)).eval()
    vision = getattr(model, "vision_model", model)
    frames = noise(5)
    said = shown(frames, lambda pixels: vision(pixel_values=pixels).pooler_output)
    mean = (said / np.linalg.norm(said, axis=1, keepdims=True)).mean(axis=0)

    embedder = Siglip(model=tiny(checkpoint), size=32, batch_size=2)
    vectors = embedder.load("cpu")([frames])

    assert embedder.dim == 32
    np.testing.assert_allclose(vectors[0], mean / np.linalg.norm(mean), atol=1e-5)  # float32, other batches


def test_a_checkpoint_of_clip_is_refused(tiny):
    with pytest.raises(ConfigError, match="holds a clip; siglip takes siglip_vision_model"):
        Siglip(model=tiny("whole_clip"), size=32).check()
