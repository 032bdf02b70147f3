"""What a neighbour search is: for every clip, the most similar clip among those that would be kept before it.

This is the costly part of deduplication and knows no epsilon, so any number of thresholds can be tried on one search.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.registry import Component, settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nearest:
    """The nearest earlier neighbour of each of n clips.

    Attributes:
        index: int64 [n], row of that neighbour; the row itself for the first of its group.
        similarity: float32 [n], cosine in [-1, 1]; 0 for the first of its group.
    """

    index: NDArray[np.int64]
    similarity: NDArray[np.float32]


Search = Callable[[NDArray[np.float32], NDArray[np.int32], NDArray[np.int64]], Nearest]
"""(float32 [n, dim] unit rows, int32 [n] cluster labels, int64 [n] ranks: smaller is kept first) -> nearest."""


@settings
class Neighbours(Component):
    """Which pairs of clips are compared."""

    kind: ClassVar[str] = "neighbours"

    @abstractmethod
    def load(self, device: str) -> Search:
        """The function that searches."""
