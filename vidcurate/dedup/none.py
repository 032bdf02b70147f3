"""No deduplication: every clip is kept, and nothing is compared."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters
from vidcurate.dedup.base import Dedup
from vidcurate.neighbours.base import Nearest
from vidcurate.registry import register


@register
class KeepAll(Dedup):
    """Nothing is a duplicate."""

    compares: ClassVar[bool] = False

    def ranks(
        self, ids: tuple[str, ...], vectors: NDArray[np.float32], clusters: Clusters, seed: int
    ) -> NDArray[np.int64]:
        """The order as given."""
        return np.arange(len(ids), dtype=np.int64)

    def duplicates(self, nearest: Nearest, eps: float) -> NDArray[np.bool_]:
        """All False."""
        return np.zeros(len(nearest.index), np.bool_)
