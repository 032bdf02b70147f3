"""T5's encoder: a caption as a row of vectors, one for each of its tokens, as trainers of text-to-video models read it.

In bf16 on a GPU, as float16 is too narrow inside T5; in fp32 on a CPU. A caption's vectors do not depend on the others
but for the last bits, as kernels may add in another order for another batch.

Source: Raffel et al. 2020, arXiv:1910.10683; networks and tokenizers of transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.model.batching import batched
from vidcurate.model.device import inference
from vidcurate.model.hub import Place

PADDING = 128
"""Of a network's words the last may be none of its tokenizer's: 32,128 and 32,100."""
Encode = Callable[[Sequence[str]], list[NDArray[np.float16]]]
"""n captions -> n arrays, float16 [tokens, dim], in the same order; an empty caption is the token that ends a text."""


def check(place: Place) -> None:
    """Whether transformers and a checkpoint of T5 are there.

    Raises:
        MissingExtra: transformers is not installed.
        MissingWeights: the checkpoint is not there.
        ConfigError: it holds another network.
    """
    kind = place.config().model_type
    if kind != "t5":
        raise ConfigError(
            [f"{place.key}={place.model!r} is of type {kind!r}; expected one of T5, e.g. {place.example}"]
        )


def load(place: Place, device: str, max_tokens: int, batch_size: int) -> Encode:
    """The encoder on `device`; raises as `check` does.

    Args:
        place: a checkpoint of T5, with its decoder or without.
        device: where it runs.
        max_tokens: what goes beyond is cut off; the token that ends a text counts.
        batch_size: captions that are shown at once, of about the same length.
    """
    check(place)
    from transformers import T5EncoderModel

    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    with place.reading():
        model = T5EncoderModel.from_pretrained(place.path, dtype=dtype, local_files_only=place.offline)
    tokenizer = _tokenizer(place, model.config.vocab_size)
    model.to(device).eval()

    def run(texts: Sequence[list[int]]) -> list[NDArray[np.float16]]:
        width = max(map(len, texts))
        ids = torch.tensor([text + [0] * (width - len(text)) for text in texts], device=device)
        mask = torch.tensor([[1] * len(text) + [0] * (width - len(text)) for text in texts], device=device)
        with inference():
            found = model(input_ids=ids, attention_mask=mask).last_hidden_state
        numbers = found.float().cpu().numpy().astype(np.float16)
        return [row[: len(text)].copy() for row, text in zip(numbers, texts, strict=True)]

    def encode(captions: Sequence[str]) -> list[NDArray[np.float16]]:
        if not captions:
            return []
        texts = tokenizer(list(captions), truncation=True, max_length=max_tokens)["input_ids"]
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]), reverse=True)
        found = batched([texts[row] for row in order], batch_size, run)
        return [found[place] for place in np.argsort(order)]

    return encode


def _tokenizer(place: Place, words: int) -> Any:
    """The checkpoint's own; transformers makes an empty one up where there is none."""
    from transformers import AutoTokenizer

    try:
        with place.reading():
            tokenizer = AutoTokenizer.from_pretrained(
                place.path, local_files_only=place.offline, trust_remote_code=False
            )
    except ConfigError as error:
        needs = "has a tokenizer that cannot be read; without tokenizer.json it takes pip install sentencepiece, or"
        raise place.missing(needs) from error
    if not 0 <= words - len(tokenizer) < PADDING:
        raise place.missing(f"has {words} words, and a tokenizer of {len(tokenizer)} or none")
    return tokenizer
