"""What a filter is: it scores a clip; thresholds are applied later, so that they can change without new work."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from vidcurate.records import Frames, Sampling
from vidcurate.registry import Component, settings

Score = Callable[[Frames], dict[str, float]]
"""Frames of one clip -> its scores by name, e.g. `{"motion": 0.012}`."""


@settings
class Filter(Component):
    """A measurement of clips, with optional bounds. Bounds are `volatile`: changing one re-scores nothing."""

    kind: ClassVar[str] = "filter"

    @property
    @abstractmethod
    def sampling(self) -> Sampling:
        """The frames that `load(...)` is shown."""

    @abstractmethod
    def load(self, device: str) -> Score:
        """The function that scores one clip."""

    @abstractmethod
    def reason(self, scores: Mapping[str, float]) -> str | None:
        """Why a clip with these scores is dropped, as one word such as `too_static`; None keeps it."""
