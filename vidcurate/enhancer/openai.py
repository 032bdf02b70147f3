"""Captions rewritten by a model on a server that speaks OpenAI's chat completions: vLLM, TGI, or OpenAI itself."""

from __future__ import annotations

from typing import ClassVar

from vidcurate.enhancer.base import Enhance, Enhancer
from vidcurate.enhancer.prompts import Variant, question
from vidcurate.model.chat import Chat
from vidcurate.model.server import text
from vidcurate.records import Answer
from vidcurate.registry import register


@register
class OpenAI(Chat, Enhancer):
    """Asks a server to rewrite each caption.

    Attributes:
        prompt_variant: which of the prompts that come with vidcurate.
        prompt: a text of your own instead; the caption follows it.
    """

    volatile: ClassVar[frozenset[str]] = Chat.speed

    prompt_variant: Variant = "default"
    prompt: str | None = None

    def check(self) -> None:
        """Whether a server answers and accepts the key.

        Raises:
            ConfigError: it does not.
        """
        self.reach("enhancer")

    def load(self, device: str) -> Enhance:
        """The function that asks; `device` is the server's business."""
        return lambda captions: self.each(self._rewritten, captions)

    def _rewritten(self, caption: str) -> Answer:
        return self.ask([text(question(self.prompt_variant, self.prompt, caption))])
