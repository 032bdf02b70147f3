"""What a captioner is: it says in words what the frames of a clip show."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from vidcurate.records import Frames, Sampling
from vidcurate.registry import Component, settings

Caption = Callable[[Sequence[Frames]], list[str]]
"""Frames of n clips -> n captions in the same order; an empty string where there is nothing to say."""


@settings
class Captioner(Component):
    """How clips get captions."""

    kind: ClassVar[str] = "captioner"

    @property
    @abstractmethod
    def sampling(self) -> Sampling | None:
        """The frames that `load(...)` is shown; None for a captioner that never looks, which writes no captions."""

    @abstractmethod
    def load(self, device: str) -> Caption:
        """The function that captions; the model goes to `device` (`cpu`, `cuda`)."""
