"""No deduplication: every clip is kept, and nothing is compared."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, Links
from vidcurate.registry import register


@register
class KeepAll(Dedup):
    """Nothing is a duplicate."""

    compares: ClassVar[bool] = False

    def witnesses(self, links: Links) -> NDArray[np.int64]:
        """Each clip itself."""
        return np.arange(len(links.ranks))
