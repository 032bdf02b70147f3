from __future__ import annotations

import numpy as np

from vidcurate.dedup.base import Links
from vidcurate.dedup.none import KeepAll


def test_not_even_equal_clips_are_duplicates():
    pair = Links(ranks=np.arange(2), first=np.array([0]), second=np.array([1]), similarity=np.ones(1, np.float32))

    assert KeepAll().witnesses(pair).tolist() == [0, 1]
