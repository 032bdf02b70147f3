from __future__ import annotations

import numpy as np

from benchmarks.handover import decided, in_memory, planned
from benchmarks.synthetic import CLIP, names
from vidcurate.stage.vectors import Vectors
from vidcurate.store.files import Store


def test_a_tenth_of_the_clips_is_decided_away(tmp_path):
    vectors = Vectors(ids=names(CLIP, 0, 1000).sort(), matrix=np.ones((1000, 1), np.float32), digest="")

    assert decided(Store(str(tmp_path)), vectors) == {"clips": 1000, "pairs": 100, "kept": 900}


def test_all_that_is_kept_is_planned_and_the_rest_is_dropped():
    marks: list[str] = []

    counts = planned(*in_memory(2000), marks.append)

    assert (counts["clips"], counts["samples"], counts["dropped"]) == (2000, 1800, 200)
    assert counts["shards"] > 3
    assert marks == ["decisions applied", "train, val and test", "samples", "plan", "fingerprints", "drops"]
