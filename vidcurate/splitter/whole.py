"""Whole: every video is one clip, for corpora that have been cut already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import pydantic

from vidcurate.records import Shot, Thumbnail
from vidcurate.registry import Seconds, register
from vidcurate.splitter.base import Detect, Splitter
from vidcurate.splitter.cuts import shots_between


@register
class Whole(Splitter):
    """Keeps videos in one piece.

    Attributes:
        min_length: 0, so that nothing is dropped.
        max_length: None, so that nothing is cut.
    """

    min_length: Seconds = 0.0
    max_length: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] | None = None

    def load(self, device: str) -> Detect:
        """The function that finds shots; it counts frames."""
        return self._detect

    def _detect(self, thumbnails: Iterable[Thumbnail]) -> Iterator[Shot]:
        return shots_between((index + 1, []) for index, _ in enumerate(thumbnails))
