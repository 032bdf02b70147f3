"""NEIGHBOURS of a dataset: the costly table, which knows no epsilon, under the name that NeMo Curator gives it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.cluster.base import members
from vidcurate.dedup.base import Dedup
from vidcurate.errors import MissingInput
from vidcurate.neighbours.base import Nearest, Neighbours
from vidcurate.registry import fingerprint, loaded
from vidcurate.stage.cluster import Grouping
from vidcurate.stage.rewrite import rewrite
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import committed, is_current
from vidcurate.store.files import Store
from vidcurate.table import NEIGHBOURS

log = logging.getLogger(__name__)

FOLDER = "semantic/extraction/semdedup_pruning_tables"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Each clip and its nearest neighbour among those that rank before it.

    Attributes:
        table: NEIGHBOURS, cluster after cluster, in order of rank.
        made_from: fingerprint.
    """

    table: pa.Table
    made_from: str

    @classmethod
    def none(cls, vectors: Vectors) -> Pairs:
        """Clips that were compared with nothing."""
        ids = pa.array(vectors.ids, pa.string())
        table = pa.table([ids, ids, np.zeros(len(ids), np.float32)], schema=NEIGHBOURS)
        return cls(table=table, made_from=fingerprint(vectors.digest))

    def nearest(self) -> Nearest:
        """The same by row of the table."""
        index = pc.index_in(self.table["max_id"], value_set=self.table["id"])
        return Nearest(index=index.to_numpy().astype(np.int64), similarity=self.table["cosine_sim_score"].to_numpy())


def find_neighbours(
    store: Store, vectors: Vectors, grouping: Grouping, neighbours: Neighbours, rule: Dedup, seed: int, device: str
) -> Pairs:
    """Rank and compare clips, unless the store holds that very comparison.

    Args:
        store: the dataset.
        vectors: of the clips.
        grouping: their clusters.
        neighbours: says which pairs are compared.
        rule: says in which order clips are kept; its epsilon does not matter.
        seed: of a random order.
        device: where the work is done.
    """
    made_from = fingerprint(neighbours, rule, grouping.made_from, seed)
    if is_current(store, FOLDER, made_from):
        log.info("neighbours: up to date")
    else:
        clusters = grouping.clusters
        ranks = rule.ranks(vectors.ids, vectors.matrix, clusters, seed)
        nearest = loaded(neighbours, device)(vectors.matrix, clusters.labels, ranks)
        ordered = [rows[np.argsort(ranks[rows])] for rows in members(clusters.labels)]
        tables = _write(store, vectors.ids, nearest, ordered)
        rewrite(store, FOLDER, made_from, tables, rule=fingerprint(rule), clips=len(ranks))
        log.info("neighbours: %d clips in %d clusters compared by %s", len(ranks), len(ordered), neighbours.name)
    return Pairs(table=_read(store), made_from=made_from)


def stored_pairs(store: Store, rule: Dedup) -> Pairs:
    """The comparison that an earlier dedup has stored.

    Raises:
        MissingInput: there is none, or its clips were ranked by another rule.
    """
    record = committed(store, FOLDER)
    if record.get("rule") != fingerprint(rule):
        found = f"clips were ranked by other settings than {rule}" if record else "nothing there"
        raise MissingInput(f"{FOLDER}: {found}; run +experiment=dedup with these settings first")
    return Pairs(table=_read(store), made_from=record["fingerprint"])


def _write(store: Store, ids: Sequence[str], nearest: Nearest, clusters: Sequence[NDArray[np.intp]]) -> Iterator[str]:
    """One table per cluster, rows in order of rank; the first is its own neighbour at 0."""
    for number, rows in enumerate(clusters):
        names, witnesses = ([ids[row] for row in chosen] for chosen in (rows, nearest.index[rows]))
        key = f"{FOLDER}/cluster_{number}.parquet"
        store.write_table(key, pa.table([names, witnesses, nearest.similarity[rows]], schema=NEIGHBOURS))
        yield key


def _read(store: Store) -> pa.Table:
    table = pa.concat_tables(store.read_table(key) for key in store.keys(FOLDER, ".parquet"))
    clips = committed(store, FOLDER)["clips"]
    if table.num_rows != clips:
        raise MissingInput(f"{FOLDER}: {table.num_rows} of {clips} clips are there; remove it and run again")
    return table
