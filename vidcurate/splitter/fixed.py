"""Fixed: clips of equal length on the video's clock, whatever they show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import pydantic

from vidcurate.records import Shot, Thumbnail
from vidcurate.registry import register
from vidcurate.splitter.base import Detect, Splitter
from vidcurate.splitter.cuts import shots_between

TOLERANCE = 1e-6  # seconds; times are floats, and a frame at 0.3 s belongs to the fourth clip of 0.1 s


@register
class Fixed(Splitter):
    """Cuts at every multiple of `length`, at the first frame that is not earlier.

    Attributes:
        length: of each clip in seconds.
        min_length: the last clip is dropped if it is shorter.
        max_length: None, as `length` says it all.
    """

    length: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] = 10.0
    max_length: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] | None = None

    @property
    def reach(self) -> int | None:
        """One frame: only the clock is looked at."""
        return 1

    def load(self, device: str) -> Detect:
        """The function that finds shots; it looks at the clock only."""
        return self._detect

    def _detect(self, thumbnails: Iterable[Thumbnail]) -> Iterator[Shot]:
        return shots_between(self._cuts(thumbnails))

    def _cuts(self, thumbnails: Iterable[Thumbnail]) -> Iterator[tuple[int, list[int]]]:
        clip = 0
        for index, thumbnail in enumerate(thumbnails):
            now = int((thumbnail.time + TOLERANCE) / self.length)
            yield index + 1, [index] if now > clip else []
            clip = now
