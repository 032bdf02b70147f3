from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vidcurate.errors import ConfigError, MissingWeights
from vidcurate.model import t5
from vidcurate.model.hub import Place

CAPTIONS = ["A dog.", "", "Two cars pass a house in the rain, and a dog runs after them.", "A red bicycle.", "A dog."]


def place(model: str) -> Place:
    example = "google-t5/t5-11b"
    return Place(component="t5", key="sharder.model", model=model, local_files_only=True, example=example, extra="vlm")


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_every_caption_has_the_vectors_that_transformers_gives_it_alone(tiny, batch_size):
    import torch
    from transformers import AutoTokenizer, T5EncoderModel

    tokenizer, model = AutoTokenizer.from_pretrained(tiny("t5")), T5EncoderModel.from_pretrained(tiny("t5")).eval()

    found = t5.load(place(tiny("t5")), "cpu", 512, batch_size)(CAPTIONS)

    for caption, vectors in zip(CAPTIONS, found, strict=True):
        with torch.inference_mode():
            alone = model(**tokenizer([caption], return_tensors="pt")).last_hidden_state[0].numpy()
        assert vectors.dtype == np.float16
        assert vectors.shape == alone.shape == (len(tokenizer(caption)["input_ids"]), 32)
        np.testing.assert_allclose(vectors, alone, rtol=2e-3, atol=2e-3)  # float16 has 11 bits
    assert len(found[1]) == 1  # the end of an empty text


def test_what_goes_beyond_the_largest_number_of_tokens_is_cut_off(tiny):
    encode = t5.load(place(tiny("t5")), "cpu", 8, 16)

    assert [len(vectors) for vectors in encode(CAPTIONS)] == [8, 1, 8, 8, 8]
    assert encode([]) == []


def test_another_network_and_an_absent_one_are_refused(tiny, tmp_path):
    with pytest.raises(ConfigError, match=r"type 'llama'; expected one of T5, e\.g\. google-t5/t5-11b"):
        t5.check(place(tiny("llama")))
    with pytest.raises(MissingWeights, match="hf download google-t5/t5-11b --local-dir"):
        t5.check(place(str(tmp_path)))


def test_a_checkpoint_without_its_tokenizer_is_refused(tiny, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).symlink_to(Path(tiny("t5")) / name)

    with pytest.raises(MissingWeights, match=r"has 33 words, and a tokenizer of [0-9]+ or none"):
        t5.load(place(str(tmp_path)), "cpu", 512, 16)

    (tmp_path / "spiece.model").write_bytes(b"no model")
    with pytest.raises(MissingWeights, match=r"without tokenizer\.json it takes pip install sentencepiece"):
        t5.load(place(str(tmp_path)), "cpu", 512, 16)
