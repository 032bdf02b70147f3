"""DECISIONS at one epsilon: cheap, from stored neighbours, each with its witness; everyone else reads the boolean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup
from vidcurate.registry import fingerprint
from vidcurate.stage.neighbours import Pairs, stored_pairs
from vidcurate.stage.rewrite import rewrite
from vidcurate.store.commit import is_current
from vidcurate.store.files import Store
from vidcurate.table import DECISIONS

log = logging.getLogger(__name__)

FOLDER = "semantic/decisions"
REASON = "semantic_duplicate"


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


def decide(store: Store, pairs: Pairs, rule: Dedup) -> Decisions:
    """Apply a rule at its epsilon, unless the store holds those very decisions.

    Args:
        store: the dataset.
        pairs: neighbours, ranked by that rule.
        rule: decides.
    """
    folder = decisions_folder(rule)
    made_from = fingerprint(rule, rule.eps, pairs.made_from)
    if is_current(store, folder, made_from):
        decisions = Decisions(table=store.read_table(_part(folder)), eps=rule.eps)
        log.info("decisions: up to date; %s", _counts(decisions))
        return decisions
    decisions = Decisions(table=_decide(pairs, rule), eps=rule.eps)
    eps = rule.eps if rule.compares else None
    counts = {"eps": eps, "kept": decisions.kept, "removed": decisions.removed, "total": decisions.total}
    if rule.compares:
        lines = ",".join(counts), ",".join(map(repr, counts.values()))
        store.write(f"semantic/extraction/dedup_summary_{rule.eps!r}.csv", "\n".join([*lines, ""]).encode())
    rewrite(store, folder, made_from, _write(store, folder, decisions), neighbours=pairs.made_from, **counts)
    log.info("decisions: %s", _counts(decisions))
    return decisions


def stored_decisions(store: Store, rule: Dedup) -> Decisions:
    """Decisions at an epsilon that may not have been tried yet, from the comparison that an earlier dedup has stored.

    Raises:
        MissingInput: there is none, or its clips were ranked by another rule.
    """
    return decide(store, stored_pairs(store, rule), rule)


def decisions_folder(rule: Dedup) -> str:
    """Where the decisions of a rule are kept: a folder per epsilon, or one named after a rule that knows none."""
    return f"{FOLDER}/eps={rule.eps!r}" if rule.compares else f"{FOLDER}/{rule.name}"


def _decide(pairs: Pairs, rule: Dedup) -> pa.Table:
    nearest = pairs.nearest()
    dropped = rule.duplicates(nearest, rule.eps)
    ids = pairs.table["id"].combine_chunks()
    columns = {
        "id": ids,
        "kept": pa.array(~dropped),
        "witness_id": pc.if_else(pa.array(dropped), ids.take(pa.array(nearest.index)), None),
        "similarity": pa.array(nearest.similarity),
        "group_id": ids.take(pa.array(_roots(np.where(dropped, nearest.index, np.arange(len(dropped)))))),
        "reason": pa.array(np.where(dropped, REASON, "")),
    }
    return pa.table(columns, schema=DECISIONS).sort_by("id")


def _roots(parents: NDArray[np.int64]) -> NDArray[np.int64]:
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
