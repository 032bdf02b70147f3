from __future__ import annotations

import numpy as np
import pytest

from tests.embedder.towers import noise, shown
from vidcurate.embedder.video_tower import filled
from vidcurate.embedder.xclip import XClip
from vidcurate.errors import ConfigError


def test_the_vector_is_that_of_the_video_features(tiny):
    from transformers import XCLIPModel

    model = XCLIPModel.from_pretrained(tiny("xclip")).eval()
    said = shown(noise(8), lambda pixels: model.get_video_features(pixel_values=pixels[None]).pooler_output)[0]

    embedder = XClip(model=tiny("xclip"), size=32)
    vectors = embedder.load("cpu")([noise(8)])

    assert embedder.dim == 16
    np.testing.assert_allclose(vectors[0], said / np.linalg.norm(said), atol=1e-5)  # float32


def test_a_short_clip_shows_its_frames_again():
    images = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)

    assert filled(images, 8).ravel().tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert filled(images, 3).ravel().tolist() == [0, 1, 2]


def test_a_checkpoint_of_clip_is_refused(tiny):
    with pytest.raises(ConfigError, match="holds a clip; xclip takes xclip"):
        XClip(model=tiny("whole_clip"), size=32).check()
