"""What a source is: something that lists inputs, in a fixed order, without reading them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import pydantic

from vidcurate.records import Limits
from vidcurate.registry import Component, Count, Positive, settings
from vidcurate.source.stamp import Stamp
from vidcurate.store.options import Size


@dataclass(frozen=True, slots=True)
class Input:
    """A name and a place.

    Attributes:
        uri: stable name: path relative to the source, or the URL as it was listed.
        path: what opens it: an absolute path or a URL.
        license: under which it may be used, e.g. `CC-BY-4.0`; empty where the source does not say.
        stamp: what the listing says of the file, which tells it from what was there before; None if it says nothing.
    """

    uri: str
    path: str
    license: str = ""
    stamp: Stamp | None = None


@settings
class Source(Component):
    """Where raw videos come from.

    Attributes:
        limit: take only so many inputs, the first in order; None takes all.
        license: of every input of which the source itself says none; None leaves it empty.
        full_hash: name videos by all of their bytes instead of their size, head, tail and sampled blocks.
        below: folder or URL that all inputs must lie below, links followed; `.` is the folder that `path` names or lies
            in. None takes what is listed wherever it is, which is for folders and manifests of your own.
        max_pixels: of a picture; a video with larger ones fails before they are decoded. 16K fits: 15360 x 8640.
        max_duration: seconds that a video may last; a week.
        max_decoded_bytes: of all its frames, at three bytes a pixel; 64 TiB hold 33 hours of 4K at 24 a second.
    """

    kind: ClassVar[str] = "source"

    limit: Annotated[int, pydantic.Field(ge=1)] | None = None
    license: Annotated[str, pydantic.Field(min_length=1)] | None = None
    full_hash: bool = False
    below: Annotated[str, pydantic.Field(min_length=1)] | None = None
    max_pixels: Count = 15_360 * 8_640
    max_duration: Positive = 604_800.0
    max_decoded_bytes: Size = 2**46

    @property
    def limits(self) -> Limits:
        """What one of its videos may ask of a machine."""
        return Limits(
            max_pixels=self.max_pixels, max_duration=self.max_duration, max_decoded_bytes=self.max_decoded_bytes
        )

    @abstractmethod
    def inputs(self) -> Iterator[Input]:
        """Every input, sorted by uri; `limit` is applied by the caller.

        Raises:
            MissingInput: the place does not exist or holds no video.
        """
