"""Format: what is known of a clip without looking at it: length, size, shape, frame rate, and how its source was coded.

Length, size, shape and rate are those of the clip; codec and bit rate those of the file it was cut from, for the
clip's own say only how we encode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from vidcurate.filter.base import Facts, FactScore, Filter
from vidcurate.filter.bound import BoundAbove0, Limit
from vidcurate.registry import register


@register
class Format(Filter):
    """Scores `duration`, `side`, `aspect`, `fps`, `bit_rate` (where the container says it) and `codec`.

    Attributes:
        min_duration: seconds; shorter clips are dropped as `too_short`.
        max_duration: longer ones as `too_long`.
        min_side: pixels of the shorter side; smaller clips are dropped as `too_small`.
        max_side: larger ones as `too_large`.
        min_aspect: width over height; narrower clips are dropped as `too_narrow`.
        max_aspect: wider ones as `too_wide`.
        min_fps: frames per second; clips with fewer are dropped as `low_fps`.
        max_fps: those with more as `high_fps`.
        min_bit_rate: bits per second of the source; clips of files with fewer are dropped as `low_bit_rate`.
        max_bit_rate: those of files with more as `high_bit_rate`.
        codecs: FFmpeg's names of those that the source may have, scored as 1; others score 0 and are dropped as
            `codec`. None allows all.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({f"{end}_{name}" for end in ("min", "max") for name in (
        "duration", "side", "aspect", "fps", "bit_rate")} | {"codecs"})  # fmt: skip

    min_duration: BoundAbove0 | None = None
    max_duration: BoundAbove0 | None = None
    min_side: BoundAbove0 | None = None
    max_side: BoundAbove0 | None = None
    min_aspect: BoundAbove0 | None = None
    max_aspect: BoundAbove0 | None = None
    min_fps: BoundAbove0 | None = None
    max_fps: BoundAbove0 | None = None
    min_bit_rate: BoundAbove0 | None = None
    max_bit_rate: BoundAbove0 | None = None
    codecs: tuple[str, ...] | None = None

    @property
    def sampling(self) -> None:
        """No frames."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Two for every score but `codec`."""
        words = {
            "duration": ("too_short", "too_long"),
            "side": ("too_small", "too_large"),
            "aspect": ("too_narrow", "too_wide"),
            "fps": ("low_fps", "high_fps"),
            "bit_rate": ("low_bit_rate", "high_bit_rate"),
        }
        return tuple(
            limit
            for score, (low, high) in words.items()
            for limit in (Limit(f"min_{score}", score, "below", low), Limit(f"max_{score}", score, "above", high))
        )

    def load(self, device: str) -> FactScore:
        """The function that scores one clip; there is no model, `device` is ignored."""
        return self._score

    def reason(self, scores: Mapping[str, float]) -> str | None:
        """The first bound that is exceeded, then `codec`."""
        return super().reason(scores) or (None if scores.get("codec", 1.0) else "codec")

    def _score(self, clip: Facts) -> dict[str, float]:
        scores = {
            "duration": clip.duration,
            "side": float(min(clip.width, clip.height)),
            "aspect": clip.width / clip.height,
            "fps": clip.fps,
            "codec": float(self.codecs is None or clip.source_codec in self.codecs),
        }
        return scores | ({"bit_rate": float(clip.source_bit_rate)} if clip.source_bit_rate else {})
