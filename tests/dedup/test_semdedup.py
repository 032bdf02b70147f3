from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.cluster.kmeans import KMeans
from vidcurate.dedup.base import Links, is_duplicate
from vidcurate.dedup.order import Candidates
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.neighbours.clustered import Clustered


def fan(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def order(keep: str, ids: str, vectors: np.ndarray, seed: int = 0) -> str:
    """Ids in the order in which they are kept, within one cluster."""
    clusters = Clusters.of(vectors, np.zeros(len(ids), np.int32))
    rows = sorted(range(len(ids)), key=ids.__getitem__)
    candidates = Candidates(
        ids=pa.array(sorted(ids)), vectors=vectors[rows], clusters=clusters, facts=pa.table({}), seed=seed
    )
    return "".join(sorted(ids)[row] for row in np.argsort(SemDeDup(keep=keep).ranks(candidates)))


# The mean of 0, 10, 50 degrees points to 19.6: they lie 19.6, 9.6 and 30.4 degrees from it.
@pytest.mark.parametrize(("keep", "expected"), [("hard", "cab"), ("easy", "bac")])
def test_hard_keeps_the_farthest_first_and_easy_the_nearest(keep, expected):
    assert order(keep, "abc", fan(0, 10, 50)) == expected


# NeMo Curator sorts (distance, id) descending for hard and ascending for easy.
@pytest.mark.parametrize(("keep", "expected"), [("hard", "dcba"), ("easy", "abcd")])
def test_equal_distances_are_ordered_by_id(keep, expected):
    assert order(keep, "badc", fan(30, 30, 30, 30)) == expected


def test_random_depends_on_the_seed_and_each_id_only():
    orders = {seed: order("random", "abcdefgh", fan(*range(8)), seed) for seed in range(20)}
    reversed_rows = order("random", "hgfedcba", fan(*range(8)), 3)
    without_a = order("random", "bcdefgh", fan(*range(7)), 3)

    assert len(set(orders.values())) == 20
    assert reversed_rows == orders[3]
    assert without_a == orders[3].replace("a", "")


def test_a_dropped_clip_still_drops_others():
    chain = Links(
        ranks=np.arange(3), first=np.array([0, 1]), second=np.array([1, 2]), similarity=np.full(2, 0.995, np.float32)
    )

    assert SemDeDup().witnesses(chain).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("keep", "removed"), [("hard", 1471), ("easy", 1495)])
def test_of_1500_points_the_reference_count_is_removed(keep, removed):
    """Counts of NeMo Curator's tests/stages/deduplication/semantic/test_workflow.py; k-means there runs on a GPU."""
    points = np.load(Path(__file__).with_name("blobs.npz"))["points"]
    vectors = points / np.linalg.norm(points, axis=1, keepdims=True)
    ids = tuple(f"{row:04d}" for row in range(len(vectors)))
    rule = SemDeDup(keep=keep)

    clusters = KMeans(k=5).load("cpu")(vectors, 42)
    ranks = rule.ranks(Candidates(ids=pa.array(ids), vectors=vectors, clusters=clusters, facts=pa.table({}), seed=42))
    nearest = Clustered().load("cpu")(vectors, clusters, ranks).nearest

    assert vectors.shape == (1500, 3)
    assert is_duplicate(nearest.similarity, 0.01).sum() == removed
