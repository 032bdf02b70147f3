"""What a preview is: small pictures of a clip for people, made while its frames are at hand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from vidcurate.records import Frames, Sampling
from vidcurate.registry import Component, settings

Draw = Callable[[Frames], Mapping[str, bytes]]
"""Frames of one clip -> files by suffix, e.g. `{"webp": ...}`; each becomes `previews/{clip_id}.{suffix}`."""


@settings
class Preview(Component):
    """How clips are shown to people."""

    kind: ClassVar[str] = "preview"

    @property
    @abstractmethod
    def sampling(self) -> Sampling | None:
        """The frames that `load(...)` is shown; None for a preview that draws nothing."""

    @abstractmethod
    def load(self, device: str) -> Draw:
        """The function that draws."""
