from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from tests.embedder.towers import noise
from vidcurate.embedder.cosmos_embed1 import CosmosEmbed1
from vidcurate.errors import ConfigError, MissingWeights


def embedder(model: str, **settings) -> CosmosEmbed1:
    return CosmosEmbed1(**{"model": model, "size": 32, "dimensions": 16, "trust_remote_code": True, **settings})


def test_the_checkpoints_own_code_makes_the_vector(tiny):
    layer = load_file(Path(tiny("cosmos_embed1"), "model.safetensors"))
    means = noise(8).images.mean(axis=(1, 2)).T.reshape(-1) / 255  # colours, frames
    said = layer["layer.weight"].numpy() @ means + layer["layer.bias"].numpy()

    vectors = embedder(tiny("cosmos_embed1")).load("cpu")([noise(8)])

    np.testing.assert_allclose(vectors[0], said / np.linalg.norm(said), atol=1e-5)  # float32


@pytest.mark.parametrize("ask", [CosmosEmbed1.check, lambda asked: asked.load("cpu")], ids=["check", "load"])
def test_code_that_nobody_trusts_is_refused_and_does_not_run(tiny, tmp_path, ask):
    folder = Path(shutil.copytree(tiny("cosmos_embed1"), tmp_path / "cosmos"))
    mark = tmp_path / "it_ran"
    (folder / "modeling_tiny.py").write_text(f"open({str(mark)!r}, 'w')")

    with pytest.raises(ConfigError, match=r"modeling_tiny\.TinyModel.* embedder\.trust_remote_code=true"):
        ask(embedder(str(folder), trust_remote_code=False))

    assert not mark.exists()


def test_vectors_of_another_length_are_refused(tiny):
    with pytest.raises(ConfigError, match=r"embedder\.dimensions=256: .* gives 16; give that"):
        embedder(tiny("cosmos_embed1"), dimensions=256).check()


def test_code_that_needs_a_package_says_so(tiny, tmp_path):
    folder = Path(shutil.copytree(tiny("cosmos_embed1"), tmp_path / "needy"))
    code = folder / "modeling_tiny.py"
    code.write_text("import no_such_package\n" + code.read_text())

    with pytest.raises(ConfigError, match=r"its code needs a package.*no_such_package"):
        embedder(str(folder)).load("cpu")


def test_a_checkpoint_without_code_is_refused(tiny):
    with pytest.raises(ConfigError, match="brings no code of a cosmos_embed1"):
        embedder(tiny("xclip")).check()


def test_a_checkpoint_that_is_not_there_is_missing():
    with pytest.raises(MissingWeights, match=r"hf download nvidia/Cosmos-Embed1-224p --local-dir \./models/ce1"):
        embedder("./models/ce1").check()
