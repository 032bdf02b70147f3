"""What a captioner is: it says in words what the frames of a clip show."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from vidcurate.records import Answer, Frames, Sampling
from vidcurate.registry import Component, settings

Caption = Callable[[Sequence[Frames]], list[Answer]]
"""Frames of n windows, at least one of each -> n answers in the same order; what fails is told, not raised."""


@settings
class Captioner(Component):
    """How clips get captions."""

    kind: ClassVar[str] = "captioner"

    @property
    @abstractmethod
    def sampling(self) -> Sampling | None:
        """The frames that `load(...)` is shown; None for a captioner that never looks, which writes no captions."""

    def windows(self, num_frames: int) -> list[range]:
        """The stretches of a clip that get a caption each, as numbers of its frames; here the whole clip."""
        return [range(num_frames)]

    @abstractmethod
    def load(self, device: str) -> Caption:
        """The function that captions; the model goes to `device` (`cpu`, `cuda`)."""
