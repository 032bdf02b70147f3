from __future__ import annotations

import numpy as np

from vidcurate.cluster.single import Single


def test_all_vectors_share_one_cluster():
    clusters = Single().load("cpu")(np.eye(3, dtype=np.float32), 0)

    assert clusters.labels.tolist() == [0, 0, 0]
    assert clusters.centroids.tolist() == [[np.float32(1 / 3)] * 3]
