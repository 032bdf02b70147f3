from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from tests.embedder.towers import noise
from vidcurate.embedder.internvideo2 import InternVideo2
from vidcurate.errors import ConfigError


def test_the_checkpoints_own_code_makes_the_vector(tiny):
    layer = load_file(Path(tiny("internvideo2"), "model.safetensors"))
    imagenet = (noise(8).images / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    means = imagenet.mean(axis=(1, 2)).T.reshape(-1)  # colours, frames
    said = layer["layer.weight"].numpy() @ means + layer["layer.bias"].numpy()

    embedder = InternVideo2(model=tiny("internvideo2"), size=32, dimensions=16, trust_remote_code=True)
    vectors = embedder.load("cpu")([noise(8)])

    np.testing.assert_allclose(vectors[0], said / np.linalg.norm(said), atol=1e-5)  # float32


def test_code_that_nobody_trusts_is_refused(tiny):
    with pytest.raises(ConfigError, match="trust_remote_code=true"):
        InternVideo2(model=tiny("internvideo2"), size=32).check()
