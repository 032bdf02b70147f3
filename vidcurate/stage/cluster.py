"""CLUSTERS of a dataset, stored where NeMo Curator stores them."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.cluster.base import Cluster, Clusters, members
from vidcurate.errors import MissingInput
from vidcurate.events import emit
from vidcurate.registry import fingerprint, loaded
from vidcurate.stage.rewrite import rewrite
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import is_current
from vidcurate.store.files import Store
from vidcurate.table import vectors_table

log = logging.getLogger(__name__)

FOLDER = "semantic/clustering_results"
CENTROIDS = f"{FOLDER}/kmeans_centroids.npy"
MEMBERS = f"{FOLDER}/embs_by_nearest_center"
PART = 65_536
"""Rows of a parquet file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouping:
    """Clusters as they are stored.

    Attributes:
        clusters: of the vectors, in their order.
        made_from: fingerprint.
    """

    clusters: Clusters
    made_from: str


def one_group(vectors: Vectors) -> Grouping:
    """All vectors together, for a search that needs no clusters; nothing is stored."""
    labels = np.zeros(len(vectors.ids), np.int32)
    return Grouping(clusters=Clusters.of(vectors.matrix, labels), made_from=fingerprint(vectors.digest))


def cluster_vectors(store: Store, vectors: Vectors, cluster: Cluster, seed: int, device: str) -> Grouping:
    """Group vectors, unless the store holds that very grouping."""
    made_from = fingerprint(cluster, vectors.digest, seed)
    is_stored = is_current(store, FOLDER, made_from)
    emit("stored", step="dedup", stored=int(is_stored), count=1, unit="tables")
    if is_stored:
        log.debug("clusters: up to date")
    else:
        clusters = loaded(cluster, device)(vectors.matrix, seed)
        rewrite(store, FOLDER, made_from, _write(store, vectors, clusters))
        sizes = np.bincount(clusters.labels)
        log.info("clusters: %d of %d to %d clips by %s", len(sizes), sizes.min(), sizes.max(), cluster.name)
    return Grouping(clusters=_read(store, vectors), made_from=made_from)


def stored_vectors(store: Store, number: int) -> NDArray[np.float32]:
    """The vectors of a cluster in their order, float32 [n, dim].

    Raises:
        MissingInput: they are gone.
    """
    keys = store.keys(f"{MEMBERS}/nearest_cent_{number}", ".parquet")
    if not keys:
        raise MissingInput(f"{MEMBERS}/nearest_cent_{number}: nothing there; remove {FOLDER} and run again")
    parts = [
        store.read_table(key, columns=["embedding"])["embedding"].combine_chunks() for key in sorted(keys, key=_part)
    ]
    return np.concatenate([part.flatten().to_numpy().reshape(len(part), -1) for part in parts])


def _part(key: str) -> int:
    return int(PurePosixPath(key).stem.rpartition("-")[2])


def _write(store: Store, vectors: Vectors, clusters: Clusters) -> Iterator[str]:
    """The centroids, and one folder per cluster: id, embedding, cosine_dist_to_cent: float32."""
    file = io.BytesIO()
    np.save(file, clusters.centroids)
    store.write(CENTROIDS, file.getvalue())
    yield CENTROIDS
    distances = clusters.distances(vectors.matrix)
    for number, rows in enumerate(members(clusters.labels)):
        for part in range(0, len(rows), PART):
            chosen = rows[part : part + PART]
            table = vectors_table(vectors.ids.take(pa.array(chosen)), vectors.matrix[chosen])
            key = f"{MEMBERS}/nearest_cent_{number}/part-{part // PART}.parquet"
            store.write_table(key, table.append_column("cosine_dist_to_cent", pa.array(distances[chosen])))
            yield key


def _read(store: Store, vectors: Vectors) -> Clusters:
    ids: list[pa.ChunkedArray] = []
    labels: list[int] = []
    for key in store.keys(MEMBERS, ".parquet"):
        ids.append(store.read_table(key, columns=["id"])["id"])
        labels += [int(PurePosixPath(key).parent.name.rpartition("_")[2])] * len(ids[-1])
    order = pc.index_in(vectors.ids, value_set=pa.chunked_array(ids))
    if order.null_count:
        raise MissingInput(f"{FOLDER}: {order.null_count} of {len(order)} clips are gone; remove it and run again")
    centroids = np.load(io.BytesIO(store.read(CENTROIDS)), allow_pickle=False)
    return Clusters(labels=np.array(labels, np.int32)[order.to_numpy()], centroids=centroids)
