"""What an embedder is: it turns the frames of clips into unit vectors whose cosine says how alike two clips are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.records import Frames, Sampling
from vidcurate.registry import Component, settings

Embed = Callable[[Sequence[Frames]], NDArray[np.float32]]
"""Frames of n clips -> float32 [n, dim], rows of unit length, in the same order."""


@settings
class Embedder(Component):
    """How clips become vectors."""

    kind: ClassVar[str] = "embedder"

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of the vectors."""

    @property
    @abstractmethod
    def sampling(self) -> Sampling:
        """The frames that `load(...)` is shown."""

    @property
    def folder(self) -> str:
        """Folder of the dataset that holds the vectors."""
        return f"{self.name}_embd_parquet"

    @abstractmethod
    def load(self, device: str) -> Embed:
        """The function that embeds; the model goes to `device` (`cpu`, `cuda`)."""
