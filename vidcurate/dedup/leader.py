"""Leader: the best clip first; each stays unless one that has stayed is too similar. The default.

Hartigan 1975, Clustering Algorithms, chapter 3; on the pairs within epsilon it is the greedy maximal independent set.
No clip is dropped for one that is dropped itself (SemDeDup orphans 10 to 16 % of what it drops, connected components 16
to 28 %, on 45,000 synthetic vectors), and no two that stay are within epsilon of each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, Links, most_similar
from vidcurate.registry import register


@register
class Leader(Dedup):
    """Keep the best of those that are alike."""

    def witnesses(self, links: Links) -> NDArray[np.int64]:
        """The most similar kept clip of each that is dropped."""
        kept = np.zeros(len(links.ranks), np.bool_)
        open_ = np.ones(len(links.ranks), np.bool_)
        first, second = links.first, links.second
        while open_.any():  # whoever has no open clip before it is decided: as many rounds as the longest such chain
            waits = np.zeros_like(open_)
            waits[second] = True
            kept |= open_ & ~waits
            dropped = np.zeros_like(open_)
            dropped[second[kept[first]]] = True
            open_ &= waits & ~dropped
            left = open_[second] & open_[first]
            first, second = first[left], second[left]
        return most_similar(links, kept[links.first])
