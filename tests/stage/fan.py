"""Five clips whose vectors form a fan in a plane, small enough to be deduplicated by hand.

Angles in degrees: a 0, b 5, c 10, d 40, e 90. In one cluster the mean points to 26.9, so that `hard` keeps them in the
order e (63.1 away), a (26.9), b (21.9), c (16.9), d (13.1). Their nearest earlier neighbours are then: e itself;
a e, cos 90 = 0; b a, cos 5 = .99619; c b, cos 5 (a: cos 10 = .98481); d c, cos 30 = .86603.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vidcurate.cluster.single import Single
from vidcurate.dedup.base import Dedup
from vidcurate.neighbours.clustered import Clustered
from vidcurate.stage.cluster import cluster_vectors
from vidcurate.stage.neighbours import Compared, find_neighbours
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.files import Store
from vidcurate.table import vectors_table

COS5, COS30 = 0.99619470, 0.86602540


def fan_table() -> pa.Table:
    """VECTORS of the five, of lengths 1 to 5."""
    angles = np.radians([0, 5, 10, 40, 90])
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return vectors_table(list("abcde"), (directions * np.arange(1, 6)[:, None]).astype(np.float32))


def fan_vectors(store: Store) -> Vectors:
    """The five, by way of a file."""
    store.write_table("fan_embd_parquet/part-0.parquet", fan_table())
    return load_vectors(f"{store.url}/fan_embd_parquet")


def fan_pairs(store: Store, rule: Dedup) -> Compared:
    """Their neighbours, stored."""
    vectors = fan_vectors(store)
    grouping = cluster_vectors(store, vectors, Single(), 0, "cpu")
    return find_neighbours(store, vectors, grouping, Clustered(floor=-1), rule, 0, "cpu")
