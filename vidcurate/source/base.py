"""What a source is: something that lists inputs, in a fixed order, without reading them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import pydantic

from vidcurate.registry import Component, settings
from vidcurate.source.stamp import Stamp


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
    """

    kind: ClassVar[str] = "source"

    limit: Annotated[int, pydantic.Field(ge=1)] | None = None
    license: Annotated[str, pydantic.Field(min_length=1)] | None = None
    full_hash: bool = False

    @abstractmethod
    def inputs(self) -> Iterator[Input]:
        """Every input, sorted by uri; `limit` is applied by the caller.

        Raises:
            MissingInput: the place does not exist or holds no video.
        """
