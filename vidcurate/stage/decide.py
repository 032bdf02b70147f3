"""DECISIONS at one epsilon: cheap, from stored pairs, each with its witness; everyone else reads the boolean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, Links, is_duplicate
from vidcurate.errors import MissingInput
from vidcurate.events import emit
from vidcurate.registry import fingerprint
from vidcurate.stage.neighbours import Compared, stored_neighbours
from vidcurate.stage.review.heed import heeded
from vidcurate.stage.review.verdicts import REVIEWED, Review
from vidcurate.stage.rewrite import rewrite
from vidcurate.store.commit import committed, is_current
from vidcurate.store.files import Store
from vidcurate.table import DECISIONS

log = logging.getLogger(__name__)

FOLDER = "semantic/decisions"
REASON, KNOWN = "semantic_duplicate", "known"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """What becomes of n clips.

    Attributes:
        table: DECISIONS, sorted by id.
        eps: the epsilon at which they were decided.
    """

    table: pa.Table
    eps: float

    @property
    def total(self) -> int:
        """Clips."""
        return int(self.table.num_rows)

    @property
    def kept(self) -> int:
        """Clips that stay."""
        return int(pc.sum(self.table["kept"]).as_py() or 0)

    @property
    def removed(self) -> int:
        """Clips that are duplicates."""
        return self.total - self.kept


def decide(store: Store, compared: Compared, rule: Dedup) -> Decisions:
    """Apply a rule at its epsilon, unless the store holds those very decisions.

    Args:
        store: the dataset.
        compared: its clips, ranked as the rule wants it.
        rule: decides.

    Raises:
        MissingInput: pairs are not listed far enough down.
    """
    folder = decisions_folder(rule)
    late, known = [getattr(rule, name) for name in rule.late], compared.known and compared.known.made_from
    said = [compared.review.made_from] if compared.review else []
    made_from = fingerprint(rule, rule.eps, late, compared.made_from, known, *said)
    is_stored = is_current(store, folder, made_from)
    emit("stored", step="dedup", stored=int(is_stored), count=1, unit="tables")
    if is_stored:
        decisions = Decisions(table=store.read_table(_part(folder)), eps=rule.eps)
        log.debug("decisions: up to date; %s", _counts(decisions))
        return decisions
    warn_of_unheeded(store, folder, compared.review)
    decisions = Decisions(table=_decide(compared, rule), eps=rule.eps)
    eps = rule.eps if rule.compares else None
    counts = {"eps": eps, "kept": decisions.kept, "removed": decisions.removed, "total": decisions.total}
    if rule.compares:
        lines = ",".join(counts), ",".join(map(repr, counts.values()))
        store.write(f"semantic/extraction/dedup_summary_{rule.eps!r}.csv", "\n".join([*lines, ""]).encode())
    details = {"rule": fingerprint(rule), "neighbours": compared.made_from, **reviewed_counts(decisions.table)}
    rewrite(store, folder, made_from, _write(store, folder, decisions), **details, **counts)
    log.info("decisions: %s", _counts(decisions))
    return decisions


def stored_decisions(
    store: Store, rule: Dedup, *, into: Store | None = None, review: Review | None = None
) -> Decisions:
    """Decisions at an epsilon that may not have been tried yet, from the comparison that an earlier dedup has stored.

    They are written `into` another dataset, if one is given, and heed a review.

    Raises:
        MissingInput: there is none, or its clips were ranked by another rule.
    """
    return decide(into or store, heeded(stored_neighbours(store, rule), review), rule)


def reviewed_counts(decisions: pa.Table) -> dict[str, dict[str, int]]:
    """What a record of DECISIONS says of a review: how many clips are `kept` and `dropped` by word; else nothing."""
    said = decisions.filter(pc.equal(decisions["reason"], REVIEWED))
    kept = int(pc.sum(said["kept"]).as_py() or 0)
    return {"reviewed": {"kept": kept, "dropped": said.num_rows - kept}} if said.num_rows else {}


def warn_of_unheeded(store: Store, folder: str, review: Review | None) -> None:
    """Say that what a person has decided is about to be forgotten."""
    before = committed(store, folder).get("reviewed")
    if before and review is None:
        log.warning(
            "decisions: until now a review kept %(kept)d clips and dropped %(dropped)d; this run heeds none. Give "
            "dedup.review=FILE if it is to count", before,
        )  # fmt: skip


def decisions_folder(rule: Dedup) -> str:
    """Where the decisions of a rule are kept: a folder per epsilon, or one named after a rule that knows none."""
    if not rule.compares:
        return f"{FOLDER}/{rule.name}"
    late = [str(getattr(rule, name)) for name in rule.late] if rule.knows_sources else []
    return f"{FOLDER}/{'-'.join([f'eps={rule.eps!r}', *late])}"


def witnesses(compared: Compared, rule: Dedup) -> NDArray[np.int64]:
    """For each clip that is dropped the row it duplicates, for each that is kept or known itself: int64 [n].

    Raises:
        MissingInput: pairs are not listed far enough down.
    """
    return as_said(fates(links_of(compared, rule), compared, rule), compared)


def as_said(witness: NDArray[np.int64], compared: Compared) -> NDArray[np.int64]:
    """Rows that clips duplicate, those that a person keeps themselves: int64 [n]."""
    return np.where(compared.said("keep"), np.arange(len(witness)), witness)


def links_of(compared: Compared, rule: Dedup) -> Links:
    """The pairs that a rule's epsilon makes duplicates.

    Raises:
        MissingInput: pairs are not listed far enough down.
    """
    graph, sources = compared.graph, compared.sources if rule.knows_sources else None
    if graph.floor > 1 - rule.widest:
        raise MissingInput(
            f"dedup.eps={rule.widest!r} needs pairs from a similarity of {1 - rule.widest:.4f} on, and they are listed "
            f"from {graph.floor:.4f} on; run +experiment=dedup at that epsilon, with a larger neighbours.max_pairs if "
            "it has cut them off"
        )
    if rule.knows_sources and sources is None:
        raise MissingInput(f"dedup.scope={rule.scope}: nothing says from which source each clip comes; see columns")
    same = None if sources is None else sources[graph.first] == sources[graph.second]
    linked = np.flatnonzero(rule.linked(graph.similarity, same))
    return Links(
        ranks=compared.ranks,
        first=graph.first[linked],
        second=graph.second[linked],
        similarity=graph.similarity[linked],
    )


def fates(links: Links, compared: Compared, rule: Dedup) -> NDArray[np.int64]:
    """What `witnesses` says but for clips that a person keeps, from pairs that are linked already.

    Clips that a reference knows are dropped for it: each is its own witness here, and no other is held against it but
    its copies. So is one that a person drops, and has no copies: see `heeded`.
    The fate of a clip that another stands for is that of the other: dropped for the same one, or for the other.
    """
    open_ = ~(compared.known_at(rule.eps) | compared.said("drop"))
    counts = open_[links.first] & open_[links.second]
    if not counts.all():
        links = Links(
            ranks=links.ranks,
            first=links.first[counts],
            second=links.second[counts],
            similarity=links.similarity[counts],
        )
    witness = rule.witnesses(links)
    follows = compared.stands != np.arange(len(witness))
    if not is_duplicate(np.ones(1, np.float32), rule.eps)[0]:  # at 0 not even equal vectors are duplicates
        follows &= compared.copies
    witness[follows & open_] = witness[compared.stands][follows & open_]
    return witness


def _decide(compared: Compared, rule: Dedup) -> pa.Table:
    rows, keep, drop = np.arange(len(compared.ids)), compared.said("keep"), compared.said("drop")
    ruled = fates(links_of(compared, rule), compared, rule) if rule.compares else rows
    witness, known, root = as_said(ruled, compared), compared.known_at(rule.eps), roots(ruled)
    dropped, ids = (witness != rows) | known, compared.ids
    columns = {
        "id": ids,
        "kept": pa.array(~dropped & ~drop),
        "witness_id": pc.if_else(pa.array(dropped), ids.take(pa.array(witness)), None),
        "similarity": pa.array(_similarities(compared, witness)),
        "group_id": ids.take(pa.array(root)),
        "reason": pc.if_else(pc.equal(compared.order["reason"], ""), REASON, compared.order["reason"]),
    }
    columns["reason"] = pc.if_else(pa.array(dropped), columns["reason"], "")
    if compared.known is not None:
        reference = compared.known
        columns["witness_id"] = pc.if_else(pa.array(known), reference.witness, columns["witness_id"])
        columns["similarity"] = pa.array(np.where(known, reference.similarity, columns["similarity"].to_numpy()))
        columns["group_id"] = pc.if_else(
            pa.array(known[root]), reference.witness.take(pa.array(root)), columns["group_id"]
        )
        columns["reason"] = pc.if_else(pa.array(known), KNOWN, columns["reason"])
    columns["reason"] = pc.if_else(pa.array(keep | drop), REVIEWED, columns["reason"])
    return pa.table(columns, schema=DECISIONS)


def _similarities(compared: Compared, witness: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of every clip to its witness; of one that is kept to its nearest."""
    graph, ranks, stands, n = compared.graph, compared.ranks, compared.stands, len(witness)
    found = graph.nearest.similarity.copy()
    rows = np.flatnonzero((witness != np.arange(n)) & (witness != graph.nearest.index) & (witness != stands))
    if len(rows):
        pairs = ranks[graph.second] * n + ranks[graph.first]  # rising, as pairs are sorted
        left, right = ranks[stands[rows]], ranks[witness[rows]]
        at = np.searchsorted(pairs, np.maximum(left, right) * n + np.minimum(left, right))
        found[rows] = graph.similarity[at]
    return found


def roots(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """End of the chain of parents of each row; every step doubles the stretch that is skipped."""
    while not np.array_equal(further := parents[parents], parents):
        parents = further
    return parents


def _write(store: Store, folder: str, decisions: Decisions) -> Iterator[str]:
    store.write_table(_part(folder), decisions.table)
    yield _part(folder)


def _part(folder: str) -> str:
    return f"{folder}/part-0.parquet"


def _counts(decisions: Decisions) -> str:
    return f"{decisions.kept} of {decisions.total} clips kept at eps={decisions.eps!r}"
