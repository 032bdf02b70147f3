"""What a neighbour search is: it compares clips once, for every epsilon up to 1 - floor.

This is the costly part of deduplication and knows no epsilon, so any number of thresholds can be tried on one search.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters
from vidcurate.neighbours.graph import Graph
from vidcurate.registry import Component, Count, settings

Search = Callable[[NDArray[np.float32], Clusters, NDArray[np.int64]], Graph]
"""(float32 [n, dim] unit rows, their clusters, int64 [n] ranks: smaller is kept first) -> similar pairs."""


@settings
class Neighbours(Component):
    """Which pairs of clips are compared, and how.

    Attributes:
        needs_clusters: whether it compares by clusters; without, none are made.
        by_cluster: whether it compares each cluster by itself, so that clusters may be searched apart.
        exact: whether it lists every pair from the floor up whatever the vectors are; its recall is not measured.
        floor: cosine from which on pairs are stored: every epsilon up to 1 - floor can be decided from them.
        max_pairs: where there are more, the floor rises until they fit, and the log says so.
        recall_queries: clips that are compared with all others to measure what the search misses; 0 measures nothing.
    """

    kind: ClassVar[str] = "neighbours"
    volatile: ClassVar[frozenset[str]] = frozenset({"floor", "recall_queries"})
    needs_clusters: ClassVar[bool] = True
    by_cluster: ClassVar[bool] = False
    exact: ClassVar[bool] = False

    floor: Annotated[float, pydantic.Field(ge=-1, lt=1, allow_inf_nan=False)] = 0.7
    max_pairs: Count = 20_000_000
    recall_queries: Annotated[int, pydantic.Field(ge=0)] = 1000

    def chosen(self, n: int, dim: int, device: str) -> Neighbours:
        """The search for n vectors of a dimension: itself, unless it is one that chooses among others."""
        return self

    @abstractmethod
    def load(self, device: str) -> Search:
        """The function that searches."""
