"""What a sharder is: it packs the clips that survived into the files that training reads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from vidcurate.registry import Component, settings
from vidcurate.store.files import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One clip on its way into a shard.

    Attributes:
        key: the clip's id; unique in the dataset and free of dots.
        media: key of the clip's file in the store.
        num_bytes: size of that file.
        width: display width in pixels.
        height: display height in pixels.
        duration: seconds.
        caption: text, or an empty string.
        metadata: what the sample's .json holds.
    """

    key: str
    media: str
    num_bytes: int
    width: int
    height: int
    duration: float
    caption: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A file that has been written.

    Attributes:
        key: where it lies in the store.
        num_samples: clips in it.
        num_bytes: its size.
        sha256: its checksum.
    """

    key: str
    num_samples: int
    num_bytes: int
    sha256: str


Write = Callable[[Store, list[Sample]], list[Shard]]
"""(store, samples sorted by key) -> the shards, sorted by key; every sample is in exactly one of them."""


@settings
class Sharder(Component):
    """How the dataset is packed."""

    kind: ClassVar[str] = "sharder"

    @property
    @abstractmethod
    def folder(self) -> str:
        """Folder of the dataset that the shards go to."""

    @abstractmethod
    def load(self, device: str) -> Write:
        """The function that writes shards."""
