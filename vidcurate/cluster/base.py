"""What a cluster algorithm is: it groups vectors so that likely duplicates meet in the same group."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.registry import Component, settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """A grouping of n vectors into k clusters.

    Attributes:
        labels: int32 [n], cluster of each vector, in [0, k).
        centroids: float32 [k, dim], means of the members, not normalised.
    """

    labels: NDArray[np.int32]
    centroids: NDArray[np.float32]


Fit = Callable[[NDArray[np.float32], int], Clusters]
"""(float32 [n, dim] unit rows with n >= 1, seed) -> clusters; equal arguments give equal clusters."""


@settings
class Cluster(Component):
    """How vectors are grouped."""

    kind: ClassVar[str] = "cluster"

    @abstractmethod
    def load(self, device: str) -> Fit:
        """The function that groups."""
