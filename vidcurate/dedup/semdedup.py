"""SemDeDup: a clip is dropped if a clip of its cluster that ranks before it is too similar, even a dropped one.

Source: Abbas et al. 2023, arXiv:2303.09540, section 3, and the ranking of NeMo Curator. Since dropped clips still drop
others, a chain A ~ B ~ C loses C although A and C may differ. Differences: `random` depends on the ids and the seed
only, so that adding clips does not reshuffle the others; similarity must exceed 1 - eps (NeMo: reach it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters
from vidcurate.dedup.base import Dedup, is_duplicate
from vidcurate.neighbours.base import Nearest
from vidcurate.registry import register


@register
class SemDeDup(Dedup):
    """Drop what is too similar to anything that ranks before it.

    Attributes:
        keep: which of two duplicates stays: `hard` the one farther from its centroid, `easy` the nearer one, `random`
            either. At equal distance the larger id is the harder one.
    """

    keep: Literal["hard", "easy", "random"] = "hard"

    def ranks(
        self, ids: tuple[str, ...], vectors: NDArray[np.float32], clusters: Clusters, seed: int
    ) -> NDArray[np.int64]:
        """Order in which clips are kept: int64 [n], each of 0..n-1 once, smaller first; meant within clusters."""
        keys: Sequence[object]
        if self.keep == "random":
            keys = [hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in ids]
        else:
            keys = list(zip(clusters.distances(vectors).tolist(), ids, strict=True))
        order = sorted(range(len(ids)), key=keys.__getitem__, reverse=self.keep == "hard")  # type: ignore[arg-type]  # both kinds of key compare
        ranks = np.empty(len(ids), np.int64)
        ranks[order] = np.arange(len(ids))
        return ranks

    def duplicates(self, nearest: Nearest, eps: float) -> NDArray[np.bool_]:
        """Bool [n], whether each clip is dropped at this epsilon; the first of a cluster never is."""
        has_earlier: NDArray[np.bool_] = nearest.index != np.arange(len(nearest.index))
        return is_duplicate(nearest.similarity, eps) & has_earlier
