from __future__ import annotations

import numpy as np
import pytest

from tests.embedder.towers import noise, shown
from vidcurate.embedder.videomae import VideoMae
from vidcurate.errors import ConfigError


@pytest.mark.parametrize("checkpoint", ["videomae", "videomae_classifier"])
def test_the_vector_is_the_mean_of_the_tokens(tiny, checkpoint):
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny(checkpoint)).eval()
    said = shown(noise(16), lambda pixels: model(pixel_values=pixels[None]).last_hidden_state.mean(dim=1))[0]

    embedder = VideoMae(model=tiny(checkpoint), size=32)
    vectors = embedder.load("cpu")([noise(16)])

    assert embedder.dim == 32
    assert embedder.sampling.count == 16
    np.testing.assert_allclose(vectors[0], said / np.linalg.norm(said), atol=1e-5)  # float32


def test_the_order_of_frames_matters(tiny):
    embed, clip = VideoMae(model=tiny("videomae"), size=32).load("cpu"), noise(16)
    backwards = type(clip)(images=clip.images[::-1].copy(), times=clip.times, indices=clip.indices)

    vectors = embed([clip, backwards])

    assert vectors[0] @ vectors[1] < 0.9999


@pytest.mark.parametrize(("key", "wanted"), [("size", 32), ("frames", 16)])
def test_another_size_or_number_of_frames_is_refused(tiny, key, wanted):
    settings = {"size": 32, "frames": 16, key: 8}

    with pytest.raises(ConfigError, match=rf"embedder\.{key}=8: .*videomae wants {wanted}; give that"):
        VideoMae(model=tiny("videomae"), **settings).check()
