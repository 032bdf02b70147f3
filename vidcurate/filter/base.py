"""What a filter is: it scores a clip; bounds are applied later, so that they can change without new work."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import pydantic

from vidcurate.filter.bound import Limit
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Component, settings

Score = Callable[[Frames], dict[str, float]]
"""Frames of one clip -> its scores by name, e.g. `{"motion": 0.012}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a clip without looking at it.

    Attributes:
        duration: seconds.
        width: display width in pixels.
        height: display height in pixels.
        fps: frames per second.
        num_bytes: size of its file.
        source_codec: FFmpeg's name of its video's codec, before it was cut.
        source_bit_rate: bits per second of its video's file; 0 where unknown.
    """

    duration: float
    width: int
    height: int
    fps: float
    num_bytes: int
    source_codec: str
    source_bit_rate: int


FactScore = Callable[[Facts], dict[str, float]]
"""The same for a filter that needs no frames."""


@settings
class Filter(Component):
    """A measurement of clips, with optional bounds.

    Bounds are `volatile`: changing one re-scores nothing. They take a number or a percentile; see `bound`.
    """

    kind: ClassVar[str] = "filter"

    @property
    @abstractmethod
    def sampling(self) -> Sampling | None:
        """The frames that `load(...)` is shown; None for a filter that is told the clip's `Facts` instead."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What each bound does, in the order in which they are asked; none for a filter that only scores."""
        return ()

    @abstractmethod
    def load(self, device: str) -> Score | FactScore:
        """The function that scores one clip."""

    def reason(self, scores: Mapping[str, float]) -> str | None:
        """Why a clip with these scores is dropped, as one word such as `too_static`; None keeps it."""
        return next((limit.reason for limit in self.limits if limit.exceeded(getattr(self, limit.key), scores)), None)

    @pydantic.model_validator(mode="after")
    def _some_clip_can_pass(self) -> Filter:
        """Refuse two bounds of one score, both numbers or both percentiles, between which there is nothing."""
        for low in (limit for limit in self.limits if limit.drops == "below"):
            for high in (limit for limit in self.limits if limit.drops == "above" and limit.score == low.score):
                least, most = getattr(self, low.key), getattr(self, high.key)
                if type(least) is type(most) and least is not None and _rank(most) < _rank(least):
                    raise ValueError(f"{high.key}={most} is below {low.key}={least}, so every clip would be dropped")
        return self


def _rank(bound: float | str) -> float:
    return float(bound[1:]) if isinstance(bound, str) else bound
