"""SemDeDup: a clip is dropped if a clip that ranks before it is too similar, even a dropped one.

Source: Abbas et al. 2023, arXiv:2303.09540, section 3, and the ranking of NeMo Curator. Since dropped clips still drop
others, a chain A ~ B ~ C loses C although A and C may differ: `leader` does not. Differences: `random` depends on the
ids and the seed only, so that adding clips does not reshuffle the others; similarity must exceed 1 - eps (NeMo: reach
it).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, Links, most_similar
from vidcurate.dedup.order import Keep
from vidcurate.registry import register


@register
class SemDeDup(Dedup):
    """Drop what is too similar to anything that ranks before it."""

    keep: Keep = "hard"
    copies: bool = False

    def witnesses(self, links: Links) -> NDArray[np.int64]:
        """The most similar earlier clip of each that has one."""
        return most_similar(links, np.ones(len(links.first), np.bool_))
