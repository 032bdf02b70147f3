from __future__ import annotations

import numpy as np
import pytest

from tests.embedder.towers import noise, shown
from vidcurate.embedder.clip import Clip


@pytest.mark.parametrize("checkpoint", ["clip", "whole_clip"])
def test_the_vector_is_the_mean_of_what_the_network_says_of_each_frame(tiny, checkpoint):
    from transformers import AutoConfig, CLIPModel, CLIPVisionModelWithProjection

    network = {"clip_vision_model": CLIPVisionModelWithProjection, "clip": CLIPModel}
    model = network[AutoConfig.from_pretrained(tiny(checkpoint)).model_type].from_pretrained(tiny(checkpoint)).eval()
    frames = noise(5)
    if checkpoint == "clip":
        said = shown(frames, lambda pixels: model(pixel_values=pixels).image_embeds)
    else:
        said = shown(frames, lambda pixels: model.get_image_features(pixel_values=pixels).pooler_output)
    mean = (said / np.linalg.norm(said, axis=1, keepdims=True)).mean(axis=0)

    embedder = Clip(model=tiny(checkpoint), size=32, batch_size=2)
    vectors = embedder.load("cpu")([frames])

    assert embedder.dim == 16
    np.testing.assert_allclose(vectors[0], mean / np.linalg.norm(mean), atol=1e-5)  # float32, other batches
