from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.embedder.towers import noise
from vidcurate.embedder.clip import Clip
from vidcurate.errors import ConfigError, MissingExtra, MissingWeights
from vidcurate.registry import fingerprint


def test_half_precision_says_nearly_the_same(tiny):
    exact, *rough = (
        Clip(model=tiny("clip"), size=32, precision=precision).load("cpu")([noise(3)])
        for precision in ("fp32", "bf16", "fp16")
    )

    assert all((exact * vectors).sum() > 0.99 for vectors in rough)  # bf16 has 8 bits of mantissa
    assert all(not np.array_equal(exact, vectors) for vectors in rough)


def test_settings_of_speed_and_place_change_no_fingerprint():
    assert fingerprint(Clip(model="a/b", batch_size=1)) == fingerprint(Clip(model="a/b", local_files_only=True))
    assert fingerprint(Clip(model="a/b")) != fingerprint(Clip(model="a/c"))
    assert fingerprint(Clip(model="a/b")) != fingerprint(Clip(model="a/b", precision="bf16"))


@pytest.mark.parametrize("ask", [Clip.check, lambda embedder: embedder.load("cpu")], ids=["check", "load"])
def test_a_size_that_the_checkpoint_does_not_take_is_refused(tiny, ask):
    with pytest.raises(ConfigError, match=r"embedder\.size=224: .*clip wants 32"):
        ask(Clip(model=tiny("clip")))


def test_a_folder_that_is_not_there_is_named_with_the_command_that_fetches_it(tiny):
    with pytest.raises(MissingWeights, match=r"hf download openai/clip-vit-base-patch32 --local-dir \./models/clip$"):
        Clip(model="./models/clip").check()


def test_a_hub_id_without_a_copy_in_the_cache_is_missing(tiny):
    with pytest.raises(MissingWeights, match=r"nobody/nothing cannot be read .*: hf download nobody/nothing$"):
        Clip(model="nobody/nothing", local_files_only=True).check()


@pytest.mark.parametrize("gone", ["config.json", "model.safetensors"])
def test_a_folder_without_one_of_its_files_is_found_out_before_any_work(tiny, tmp_path, gone):
    folder = Path(shutil.copytree(tiny("clip"), tmp_path / "clip"))
    (folder / gone).unlink()

    with pytest.raises((MissingWeights, ConfigError), match="clip"):
        Clip(model=str(folder), size=32).check()


def test_a_checkpoint_without_the_constants_of_its_pixels_is_refused(tiny, tmp_path):
    folder = Path(shutil.copytree(tiny("clip"), tmp_path / "clip"))
    (folder / "preprocessor_config.json").unlink()

    with pytest.raises(MissingWeights, match="cannot be read"):
        Clip(model=str(folder), size=32).load("cpu")


def test_weights_without_the_projection_are_refused(tiny, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tiny("clip"), tmp_path / "clip"))
    tensors = load_file(folder / "model.safetensors")
    del tensors["visual_projection.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(ConfigError, match=r"lacks visual_projection\.weight"):
        Clip(model=str(folder), size=32).load("cpu")


@pytest.mark.parametrize("ask", [Clip.check, lambda embedder: embedder.load("cpu")], ids=["check", "load"])
def test_without_transformers_the_extra_is_named(monkeypatch, ask):
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"clip needs transformers.*vidcurate\[vlm\]"):
        ask(Clip(model="somewhere"))


def test_loading_prints_nothing(tiny, capfd):
    embedder = Clip(model=tiny("whole_clip"), size=32)
    capfd.readouterr()  # writing the checkpoint prints

    embedder.load("cpu")

    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == ""
