"""Connected components: clips that are linked by a chain of similar pairs are one group, of which the best stays.

Union-find, as in near-duplicate detection of text. A chain A ~ B ~ C loses C although A and C may differ, and a long
chain makes one false group of many: use it with a small epsilon. A larger epsilon never brings a clip back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, Links
from vidcurate.registry import register


@register
class Components(Dedup):
    """Keep one clip of every group."""

    def witnesses(self, links: Links) -> NDArray[np.int64]:
        """Of each clip that is dropped the next on the shortest chain of links to the one of its group that stays."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import breadth_first_order, connected_components

        n = len(links.ranks)
        edges = coo_array((np.ones(len(links.first), np.int8), (links.first, links.second)), shape=(n + 1, n + 1))
        labels = connected_components(edges, directed=False)[1][:n]
        order = np.argsort(links.ranks)
        best = order[np.unique(labels[order], return_index=True)[1]]
        root = coo_array((np.ones(len(best), np.int8), (np.full(len(best), n), best)), shape=edges.shape)
        towards: NDArray[np.int64] = breadth_first_order(edges + root, n, directed=False)[1][:n].astype(np.int64)
        towards[best] = best
        return towards
