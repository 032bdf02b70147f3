"""Measured recall: sampled clips are compared with all others, and what the search has listed of it is counted.

Pair recall is the share of the true duplicates of the sampled clips that are listed. Item recall is the share of
those sampled clips that are to be told as duplicates, as some clip that ranks before them is within epsilon, of which
at least one such pair is listed. The sample knows no epsilon: every similarity down to the floor is stored.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters
from vidcurate.dedup.base import Dedup
from vidcurate.neighbours.base import Neighbours
from vidcurate.neighbours.graph import cosines
from vidcurate.registry import fingerprint
from vidcurate.stage.intervals import Rate, bootstrap, wilson
from vidcurate.stage.neighbours import Compared
from vidcurate.stage.rewrite import rewrite
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import is_current
from vidcurate.store.files import Store
from vidcurate.table import RECALL

log = logging.getLogger(__name__)

FOLDER = "semantic/recall"
PART = f"{FOLDER}/part-0.parquet"
STRIP = 8192
"""Clips that all sampled ones are compared with at a time: 32 MiB for 1000 of them."""

EXACT = Rate(share=1.0, low=1.0, high=1.0)
"""Of a search that lists all pairs."""


class Rates(NamedTuple):
    """Recall at an epsilon.

    Attributes:
        pairs: None where no sampled clip has a duplicate.
        items: None where no sampled clip is a duplicate of one that ranks before it.
    """

    pairs: Rate | None
    items: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recall:
    """The true pairs of sampled clips.

    Attributes:
        query: int64 [m], row of a sampled clip.
        other: int64 [m], row of a clip as similar as the floor or more.
        similarity: float32 [m].
        listed: bool [m], whether the search has listed the pair.
        lot: int64 [m], number of the sampled clip among those that have pairs.
        exact: whether there is nothing to measure, as the search lists all pairs.
    """

    query: NDArray[np.int64]
    other: NDArray[np.int64]
    similarity: NDArray[np.float32]
    listed: NDArray[np.bool_]
    lot: NDArray[np.int64]
    exact: bool

    def at(self, compared: Compared, rule: Dedup) -> Rates:
        """What is known of the duplicates at a rule's epsilon."""
        if self.exact:
            return Rates(EXACT, EXACT)
        sources = compared.sources if rule.knows_sources else None
        same = None if sources is None else sources[self.query] == sources[self.other]
        linked = np.flatnonzero(rule.linked(self.similarity, same))
        lot, listed, lots = self.lot[linked], self.listed[linked], int(self.lot.max(initial=-1)) + 1
        earlier = compared.ranks[self.other[linked]] < compared.ranks[self.query[linked]]
        true, found, before, known = (
            np.bincount(lot[chosen], minlength=lots) for chosen in (..., listed, earlier, earlier & listed)
        )
        return Rates(
            bootstrap(found, true) if true.any() else None,
            wilson(int((known > 0).sum()) / int((before > 0).sum()), int((before > 0).sum())) if before.any() else None,
        )


def measure_recall(
    store: Store,
    vectors: Vectors,
    clusters: Clusters,
    neighbours: Neighbours,
    compared: Compared,
    seed: int,
    device: str,
) -> Recall | None:
    """Sample clips that stand for themselves and search their pairs exactly, unless the store holds that very sample.

    Args:
        store: the dataset.
        vectors: of the clips.
        clusters: by which they were compared, if the search needs any.
        neighbours: the search; says how many clips to sample.
        compared: what it has found.
        seed: of the sample.
        device: where the work is done.

    Returns:
        None if no clip is to be sampled.
    """
    if neighbours.exact or (neighbours.needs_clusters and len(clusters.centroids) == 1):
        log.debug("recall: exact, all pairs are listed from a similarity of %.4f on", compared.graph.floor)
        return _recall(compared, RECALL.empty_table(), exact=True)
    if not neighbours.recall_queries:
        return None
    made_from = fingerprint(compared.made_from, compared.graph.floor, neighbours.recall_queries, seed)
    if not is_current(store, FOLDER, made_from):
        rows = np.flatnonzero(compared.stands == np.arange(len(compared.ids)))
        queries = np.random.default_rng(seed).permutation(rows)[: neighbours.recall_queries]
        table = _true_pairs(vectors.matrix, rows, np.sort(queries), compared, device)
        rewrite(store, FOLDER, made_from, _write(store, table), queries=len(queries), clips=len(rows))
        log.info("recall: %d of %d clips compared with all others, %d pairs", len(queries), len(rows), table.num_rows)
    return _recall(compared, store.read_table(PART), exact=False)


def _true_pairs(
    matrix: NDArray[np.float32],
    rows: NDArray[np.int64],
    queries: NDArray[np.int64],
    compared: Compared,
    device: str,
) -> pa.Table:
    """RECALL of some of the rows, sorted by row."""
    import torch

    floor = compared.graph.floor
    # float32 errs by less: Higham 2002, Accuracy and Stability, (3.5), and rows are of unit length to a few roundings
    bar = floor - (matrix.shape[1] + 16) * 2.0**-24
    asking = torch.from_numpy(matrix[queries]).to(device)
    lefts, rights = [], []
    for at in range(0, len(rows), STRIP):
        strip = rows[at : at + STRIP]
        near = (asking @ torch.from_numpy(matrix[strip]).to(device).T >= bar).nonzero().cpu().numpy()
        lefts.append(queries[near[:, 0]])
        rights.append(strip[near[:, 1]])
    query, other = np.concatenate(lefts), np.concatenate(rights)
    similarity = cosines(matrix, query, other)
    true = (query != other) & (similarity >= np.float32(floor))
    query, other, similarity = query[true], other[true], similarity[true]
    order = np.lexsort((other, query))
    query, other, similarity = query[order], other[order], similarity[order]
    names = (compared.ids.take(pa.array(ends)) for ends in (query, other))
    return pa.table([*names, similarity, _listed(compared, queries, query, other)], schema=RECALL)


def _listed(
    compared: Compared, queries: NDArray[np.int64], query: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether the comparison lists a pair, in either direction."""
    first, second, n = compared.graph.first, compared.graph.second, len(compared.ids)
    sampled = np.zeros(n, np.bool_)
    sampled[queries] = True
    ours = np.flatnonzero(sampled[first] | sampled[second])
    low, high = np.minimum(first[ours], second[ours]), np.maximum(first[ours], second[ours])
    return np.isin(np.minimum(query, other) * n + np.maximum(query, other), low * n + high)


def _write(store: Store, table: pa.Table) -> Iterator[str]:
    store.write_table(PART, table)
    yield PART


def _recall(compared: Compared, table: pa.Table, *, exact: bool) -> Recall:
    query, other = (
        np.asarray(pc.index_in(table[name], value_set=compared.ids).to_numpy(), np.int64) for name in ("id", "other_id")
    )
    return Recall(
        query=query,
        other=other,
        similarity=table["similarity"].to_numpy(),
        listed=np.asarray(table["listed"].to_numpy(), np.bool_),
        lot=np.unique(query, return_inverse=True)[1],
        exact=exact,
    )
