"""NEIGHBOURS, PAIRS and ORDER of a dataset: the costly tables, which know no epsilon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, members
from vidcurate.dedup.base import Dedup, is_duplicate
from vidcurate.dedup.order import Candidates, columns
from vidcurate.errors import MissingInput
from vidcurate.events import emit
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.best import nobody
from vidcurate.neighbours.graph import Graph, Nearest, cosines
from vidcurate.registry import fingerprint, loaded
from vidcurate.runtime.base import Runtime
from vidcurate.stage.cluster import Grouping
from vidcurate.stage.copies import digest, find_copies
from vidcurate.stage.known import Known, stored_known
from vidcurate.stage.review.verdicts import Review, Verdict
from vidcurate.stage.rewrite import rewrite
from vidcurate.stage.search_clusters import search_clusters
from vidcurate.stage.twins import twins
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import NEIGHBOURS, ORDER, PAIRS

log = logging.getLogger(__name__)

FOLDER = "semantic/extraction/semdedup_pruning_tables"
PAIRS_FOLDER = "semantic/pairs"
ORDER_FOLDER = "semantic/order"
Find = Callable[[NDArray[np.int64], NDArray[np.int64]], Graph]
"""(int64 [m] rising rows that are compared, int64 [m] their ranks) -> the similar pairs among them."""
PART = 4_000_000
"""Pairs of a parquet file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """What n clips have in common; rows are those of `ids`.

    Attributes:
        ids: n ids, sorted.
        order: ORDER, in the order of the ids.
        graph: the similar pairs among clips that stand for themselves, and of every clip the nearest.
        made_from: fingerprint.
        known: what they have in common with a reference; None where they were held against none.
        review: what a person has said of them; None where nobody has.
    """

    ids: pa.Array
    order: pa.Table
    graph: Graph
    made_from: str
    known: Known | None = None
    review: Review | None = None

    @classmethod
    def none(cls, vectors: Vectors) -> Compared:
        """Clips that were compared with nothing."""
        n = len(vectors.ids)
        rows, none = np.arange(n), np.empty(0, np.int64)
        graph = Graph(nearest=nobody(n), first=none, second=none, similarity=np.empty(0, np.float32), floor=-1)
        ids = vectors.ids
        order = pa.table([ids, rows, pa.nulls(n), rows, np.full(n, "")], schema=ORDER)
        return cls(ids=ids, order=order, graph=graph, made_from=fingerprint(vectors.digest))

    @property
    def ranks(self) -> NDArray[np.int64]:
        """Int64 [n], smaller is kept first."""
        return np.asarray(self.order["rank"].to_numpy())

    @property
    def sources(self) -> NDArray[np.int32] | None:
        """Int32 [n], equal for clips of one video; None where that is not known."""
        column = self.order["source"]
        return None if column.null_count else np.asarray(column.to_numpy())

    @property
    def stands(self) -> NDArray[np.int64]:
        """Int64 [n], row of the clip that was compared in this one's place; most often itself."""
        return np.asarray(self.order["stands"].to_numpy())

    @property
    def copies(self) -> NDArray[np.bool_]:
        """Bool [n], whether a clip was found to be a copy before vectors were compared."""
        return np.asarray(pc.not_equal(self.order["reason"], "").to_numpy())

    def known_at(self, eps: float) -> NDArray[np.bool_]:
        """Bool [n], whether a clip is dropped as a duplicate of one of the reference."""
        if self.known is None:
            return np.zeros(len(self.ids), np.bool_)
        return is_duplicate(self.known.similarity, eps) & ~self.said("keep") & ~self.said("drop")

    def said(self, verdict: Verdict) -> NDArray[np.bool_]:
        """Bool [n], whether a person has said this of a clip."""
        return np.zeros(len(self.ids), np.bool_) if self.review is None else self.review.among(self.ids, verdict)


def find_neighbours(
    store: Store,
    vectors: Vectors,
    grouping: Grouping,
    neighbours: Neighbours,
    rule: Dedup,
    seed: int,
    device: str,
    hashes: pa.Table | None = None,
    runtime: Runtime | None = None,
) -> Compared:
    """Rank and compare clips, unless the store holds that very comparison, or one that lists more pairs.

    Args:
        store: the dataset.
        vectors: of the clips.
        grouping: their clusters.
        neighbours: says which pairs are compared.
        rule: says in which order clips are kept, and how far down its epsilons reach.
        seed: of a random order.
        device: where the work is done.
        hashes: HASHES, which tell copies before vectors are compared; None where there are none.
        runtime: its workers share the clusters, if they are elsewhere; None is this process.
    """
    ranked_by, looks = _ranked_by(vectors, rule), digest(hashes) if rule.copies and hashes is not None else ""
    made_from = fingerprint(neighbours, rule.order, rule.knows_sources, ranked_by, looks, grouping.made_from, seed)
    floor = min(neighbours.floor, *(1 - eps for eps in (rule.widest, *rule.sweep)))
    record = committed(store, FOLDER)
    is_stored = record.get("fingerprint") == made_from and record["asked"] <= floor
    emit("stored", step="dedup", stored=int(is_stored), count=1, unit="tables")
    if is_stored:
        log.debug("neighbours: up to date")
        return _read(store, record)
    candidates = Candidates(
        ids=vectors.ids, vectors=vectors.matrix, clusters=grouping.clusters, facts=vectors.facts, seed=seed
    )
    ranks = rule.ranks(candidates)
    stands, reason = _standing(vectors, rule, ranks, hashes)
    search = replace(neighbours, floor=floor)
    if search.by_cluster and runtime is not None and runtime.remote:
        find = partial(search_clusters, store, grouping.clusters, search, runtime)
    else:
        find = partial(_search_here, vectors.matrix, grouping.clusters, search, device)
    graph = _search(find, vectors.matrix, ranks, stands)
    details = {"order": rule.order, "knows_sources": rule.knows_sources, "clips": len(ranks), "asked": floor}
    details |= {"floor": graph.floor, "pairs": len(graph.first), "search": neighbours.name}
    ids = vectors.ids
    sources = pa.nulls(len(ids), pa.int32()) if vectors.sources is None else pa.array(vectors.sources, pa.int32())
    order = pa.table([ids, ranks, sources, stands, reason], schema=ORDER)
    rewrite(store, PAIRS_FOLDER, made_from, _write_pairs(store, ids, graph), **details)
    rewrite(store, ORDER_FOLDER, made_from, _write_order(store, order))
    ordered = [rows[np.argsort(ranks[rows])] for rows in members(grouping.clusters.labels)]
    rewrite(store, FOLDER, made_from, _write(store, ids, graph.nearest, ordered), **details)
    log.info("neighbours: %d clips in %d clusters compared by %s", len(ranks), len(ordered), neighbours.name)
    return Compared(ids=ids, order=order, graph=graph, made_from=made_from)


def stored_neighbours(store: Store, rule: Dedup) -> Compared:
    """The comparison that an earlier dedup has stored.

    Raises:
        MissingInput: there is none, or its clips were ranked by another rule.
    """
    record = committed(store, FOLDER)
    wanted = {"order": rule.order, "knows_sources": rule.knows_sources}
    if fingerprint({name: record.get(name) for name in wanted}) != fingerprint(wanted):
        found = (
            f"clips were not ranked for dedup={rule.name} dedup.keep={rule.keep} dedup.scope={rule.scope}"
            if record
            else "nothing there"
        )
        raise MissingInput(f"{FOLDER}: {found}; run +experiment=dedup with these settings first")
    return replace(_read(store, record), known=stored_known(store))


def _ranked_by(vectors: Vectors, rule: Dedup) -> str:
    """Fingerprint of the columns that clips are ranked by."""
    if rule.keep != "best":
        return ""
    names = columns(rule.best, vectors.facts)
    return fingerprint(names, vectors.facts_digest([name.removeprefix("-") for name in names]))


def _standing(
    vectors: Vectors, rule: Dedup, ranks: NDArray[np.int64], hashes: pa.Table | None
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Which clip is compared in the place of each, int64 [n]; and why, if it is a copy: [n]."""
    stands, reason = np.arange(len(ranks)), np.full(len(ranks), "", "U15")
    if rule.copies and hashes is not None:
        copies = find_copies(hashes, vectors.ids, ranks, rule.max_bits)
        counts = rule.counts(None if vectors.sources is None else vectors.sources[copies.witness] == vectors.sources)
        stands, reason = np.where(counts, copies.witness, stands), np.where(counts, copies.reason, reason)
    if not rule.knows_sources:
        alone = np.flatnonzero(stands == np.arange(len(stands)))
        matrix = vectors.matrix if len(alone) == len(stands) else vectors.matrix[alone]
        stands[alone] = alone[twins(matrix, np.argsort(np.argsort(ranks[alone])))]
        stands = stands[stands]
    return stands, reason


def _search(find: Find, vectors: NDArray[np.float32], ranks: NDArray[np.int64], stands: NDArray[np.int64]) -> Graph:
    """Compare those that stand for themselves; all others have the one that stands for them as their nearest."""
    rows = np.flatnonzero(stands == np.arange(len(stands)))
    found = find(rows, np.argsort(np.argsort(ranks[rows])))
    if len(rows) == len(stands):
        return found
    index, similarity = stands.copy(), cosines(vectors, np.arange(len(stands)), stands)
    index[rows], similarity[rows] = rows[found.nearest.index], found.nearest.similarity
    return Graph(
        nearest=Nearest(index=index, similarity=similarity),
        first=rows[found.first],
        second=rows[found.second],
        similarity=found.similarity,
        floor=found.floor,
    )


def _search_here(
    vectors: NDArray[np.float32],
    clusters: Clusters,
    neighbours: Neighbours,
    device: str,
    rows: NDArray[np.int64],
    ranks: NDArray[np.int64],
) -> Graph:
    search: Search = loaded(neighbours, device)
    return search(vectors if len(rows) == len(vectors) else vectors[rows], clusters.among(rows), ranks)


def _write_pairs(store: Store, ids: pa.Array, graph: Graph) -> Iterator[str]:
    for number, at in enumerate(range(0, max(1, len(graph.first)), PART)):
        part = slice(at, at + PART)
        names = (ids.take(pa.array(rows[part])) for rows in (graph.first, graph.second))
        key = f"{PAIRS_FOLDER}/part-{number:05d}.parquet"
        store.write_table(key, pa.table([*names, graph.similarity[part]], schema=PAIRS))
        yield key


def _write_order(store: Store, order: pa.Table) -> Iterator[str]:
    key = f"{ORDER_FOLDER}/part-0.parquet"
    store.write_table(key, order)
    yield key


def _write(store: Store, ids: pa.Array, nearest: Nearest, clusters: list[NDArray[np.intp]]) -> Iterator[str]:
    """One table per cluster, rows in order of rank; the first is its own neighbour at 0."""
    for number, rows in enumerate(clusters):
        names = (ids.take(pa.array(chosen)) for chosen in (rows, nearest.index[rows]))
        key = f"{FOLDER}/cluster_{number}.parquet"
        store.write_table(key, pa.table([*names, nearest.similarity[rows]], schema=NEIGHBOURS))
        yield key


def _read(store: Store, record: dict[str, object]) -> Compared:
    order = _table(store, ORDER_FOLDER, ORDER)
    ids = order["id"].combine_chunks()
    pairs, nearest = _table(store, PAIRS_FOLDER, PAIRS), _table(store, FOLDER, NEIGHBOURS)
    for folder, found, count in ((FOLDER, nearest, record["clips"]), (PAIRS_FOLDER, pairs, record["pairs"])):
        if found.num_rows != count:
            raise MissingInput(f"{folder}: {found.num_rows} of {count} rows are there; remove it and run again")
    at = _rows(nearest["id"], ids)
    index, similarity = np.empty(len(ids), np.int64), np.empty(len(ids), np.float32)
    index[at], similarity[at] = _rows(nearest["max_id"], ids), nearest["cosine_sim_score"].to_numpy()
    graph = Graph(
        nearest=Nearest(index=index, similarity=similarity),
        first=_rows(pairs["id"], ids),
        second=_rows(pairs["other_id"], ids),
        similarity=pairs["similarity"].to_numpy(),
        floor=float(record["floor"]),  # type: ignore[arg-type]  # JSON
    )
    return Compared(ids=ids, order=order, graph=graph, made_from=str(record["fingerprint"]))


def _table(store: Store, folder: str, schema: pa.Schema) -> pa.Table:
    tables = [store.read_table(key) for key in store.keys(folder, ".parquet")]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _rows(names: pa.ChunkedArray, ids: pa.Array) -> NDArray[np.int64]:
    return np.asarray(pc.index_in(names, value_set=ids).to_numpy()).astype(np.int64)
