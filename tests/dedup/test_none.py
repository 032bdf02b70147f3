from __future__ import annotations

import numpy as np

from vidcurate.dedup.none import KeepAll
from vidcurate.neighbours.base import Nearest


def test_not_even_equal_clips_are_duplicates():
    nearest = Nearest(index=np.array([0, 0]), similarity=np.array([0, 1], np.float32))

    assert KeepAll().duplicates(nearest, 2.0).tolist() == [False, False]
