"""What an enhancer is: it rewrites captions, from their words alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from vidcurate.records import Answer
from vidcurate.registry import Component, settings

Enhance = Callable[[Sequence[str]], list[Answer]]
"""n captions, none of them empty -> n answers in the same order; what fails is told, not raised."""


@settings
class Enhancer(Component):
    """How captions are rewritten; the caption that was there stays beside the new one."""

    kind: ClassVar[str] = "enhancer"

    @abstractmethod
    def load(self, device: str) -> Enhance:
        """The function that rewrites; the model goes to `device` (`cpu`, `cuda`)."""
