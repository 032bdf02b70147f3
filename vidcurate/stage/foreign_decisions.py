"""DECISIONS from what somebody else's dedup has left: tables of scores, by our rule, or lists of ids.

Scores are held against epsilon as ours are (`is_duplicate`), not by the reference's `>=`. A list of NeMo 0.9,
`unique_ids_{eps}.parquet`, holds ids to keep if it is older than NeMo Curator's pull request 617, and ids to remove if
not; nothing in it says which, so the user does. Tables beside a list are believed instead.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, is_duplicate
from vidcurate.errors import MissingInput, ShapeError
from vidcurate.records import Foreign, Listed
from vidcurate.registry import fingerprint
from vidcurate.stage.decide import REASON, decisions_folder, reviewed_counts, stored_decisions, warn_of_unheeded
from vidcurate.stage.dedup_results import SCORE, find_result
from vidcurate.stage.dropped import dropped_rows, with_vectors
from vidcurate.stage.foreign import examples
from vidcurate.stage.neighbours import FOLDER as NEIGHBOURS
from vidcurate.stage.review.heed import demand_decided, respoken
from vidcurate.stage.review.verdicts import Review
from vidcurate.stage.rewrite import rewrite
from vidcurate.store import parquet
from vidcurate.store.commit import RECORD, clear, committed
from vidcurate.store.files import Store
from vidcurate.table import DECISIONS, DROPPED

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decided:
    """What may be packed.

    Attributes:
        clips: CLIPS that dedup could decide about; those that a list of ids drops are not kept.
        decisions: DECISIONS; None where nothing is to be compared.
        dropped: DROPPED, the vectors of the other clips.
    """

    clips: pa.Table
    decisions: pa.Table | None
    dropped: pa.Table


def decided(
    store: Store, source: Store, clips: pa.Table, rule: Dedup, foreign: Foreign, review: Review | None = None
) -> Decided:
    """The clips that may be packed, and the decisions about them.

    Args:
        store: the dataset that is made.
        source: the dataset that the clips are of.
        clips: CLIPS, in which what a person keeps passes the filters.
        rule: decides where nobody else has.
        foreign: whose decisions count; None takes those of `store`, or else of `source`.
        review: what a person has said of clips.

    Raises:
        MissingInput: there are no decisions, or they are of other clips.
    """
    dataset: Store | None = store
    decisions: pa.Table | None = None
    if foreign.decisions is not None:
        dataset = _ours(foreign.decisions)
        clips, decisions = foreign_decisions(foreign.decisions, clips, rule, store, foreign.unique_ids, review)
    elif rule.compares:
        dataset = source if committed(source, NEIGHBOURS) and not committed(store, NEIGHBOURS) else store
        decisions = stored_decisions(dataset, rule, into=store, review=review).table
        demand_decided(review, clips, decisions)
        clips = with_vectors(dataset, clips, decisions)
    elif review is not None:
        decisions = respoken(_from_list(pa.array([], pa.string()), False, _kept(clips), ""), review)
        _write(store, rule, decisions)
    elif committed(store, decisions_folder(rule)).get("reviewed"):
        warn_of_unheeded(store, decisions_folder(rule), review)
        clear(store, decisions_folder(rule))
    dropped = dropped_rows(dataset) if dataset is not None else DROPPED.empty_table()
    return Decided(clips=clips, decisions=decisions, dropped=dropped)


def foreign_decisions(
    place: str,
    clips: pa.Table,
    rule: Dedup,
    store: Store,
    unique_ids: Listed | None = None,
    review: Review | None = None,
) -> tuple[pa.Table, pa.Table]:
    """What a dedup says of clips.

    Args:
        place: its result, a folder or a file; or a dataset that vidcurate has deduplicated.
        clips: CLIPS; those that were dropped before play no part.
        rule: at whose `eps` it is decided.
        store: the dataset that is made; its decisions are written to it.
        unique_ids: whether a bare list is of ids to `remove` or to `keep`.
        review: what a person has said of clips.

    Returns:
        CLIPS, of which those that a list drops are no longer kept; and DECISIONS of all that are.
        Where what a duplicate was compared with is not in the dataset, what that one duplicates counts; where nothing
        is left, the clip stays.

    Raises:
        MissingInput: there is nothing, nothing at this epsilon, or it is of other clips.
        ShapeError: scores cannot be used.
    """
    if (dataset := _ours(place)) is not None:
        decisions = stored_decisions(dataset, rule, into=store, review=review).table
        return with_vectors(dataset, clips, decisions), decisions
    result, ids = find_result(place), _kept(clips)
    if result.tables:
        decisions = _from_scores(result.scores(), ids, rule.eps, place)
    else:
        decisions = _from_list(*result.listed(rule.eps, unique_ids), ids, place)
    decisions = respoken(decisions, review)
    _write(store, rule, decisions)
    dropped = decisions.filter(pc.is_null(decisions["group_id"]))["id"].combine_chunks()
    if len(dropped):
        clips = _without(clips, dropped)
        decisions = decisions.filter(pc.is_valid(decisions["group_id"]))
    return clips, decisions


def _ours(place: str) -> Store | None:
    """The dataset of vidcurate whose dedup a place is."""
    stores = (Store(root) for root in (place, place.rpartition("/semantic")[0]) if root)
    return next((store for store in stores if store.exists(f"{NEIGHBOURS}/{RECORD}")), None)


def _from_list(listed: pa.Array, keep: bool, ids: pa.Array, place: str) -> pa.Table:
    """DECISIONS of all ids; nothing says of which clip one is a duplicate."""
    is_listed = pc.is_in(ids, value_set=listed)
    if (len(listed) or keep) and not pc.any(is_listed).as_py():
        raise _of_others(place, ids, ids, f"lists {len(listed)} ids, and none of these")
    kept = is_listed if keep else pc.invert(is_listed)
    columns = {
        "id": ids,
        "kept": kept,
        "witness_id": pa.nulls(len(ids), pa.string()),
        "similarity": pa.nulls(len(ids), pa.float32()),
        "group_id": pc.if_else(kept, ids, None),
        "reason": pc.if_else(kept, "", REASON),
    }
    return pa.table(columns, schema=DECISIONS).sort_by("id")


def _from_scores(table: pa.Table, ids: pa.Array, eps: float, place: str) -> pa.Table:
    """DECISIONS of all ids, by the nearest clip that ranks before each."""
    unknown = ids.filter(pc.invert(pc.is_in(ids, value_set=table["id"].combine_chunks())))
    if len(unknown):
        raise _of_others(place, unknown, ids, "says nothing of")
    names = table["id"].combine_chunks()
    present = pc.is_in(names, value_set=ids).to_numpy(zero_copy_only=False)
    score = pc.cast(table[SCORE], pa.float32()).to_numpy()
    parents = pc.index_in(table["max_id"].combine_chunks(), value_set=names)
    linked = is_duplicate(score, eps) & (parents.fill_null(-1).to_numpy() != np.arange(len(names)))
    lost = linked & parents.is_null().to_numpy(zero_copy_only=False)
    if lost.any():
        some = examples(names.filter(pa.array(lost)).to_pylist())
        raise ShapeError(
            f"decisions={place}: {lost.sum()} duplicates ({some}) are of clips without a row: files are missing"
        )
    nearest = np.where(linked, parents.fill_null(0).to_numpy(), np.arange(len(names)))
    witness = _among(nearest, present, place)
    root = _ends(witness, place)
    rows, itself = np.flatnonzero(present), witness == np.arange(len(names))
    stays = int((present & itself & linked).sum())
    if stays:
        log.warning("decisions: %d clips stay, as what they duplicate is not in this dataset", stays)
    known = ~linked | (witness == nearest)
    columns = {
        "id": names,
        "kept": pa.array(itself),
        "witness_id": pc.if_else(pa.array(itself), None, names.take(pa.array(witness))),
        "similarity": pc.if_else(pa.array(known), pa.array(score), None),
        "group_id": names.take(pa.array(root)),
        "reason": pc.if_else(pa.array(itself), "", REASON),
    }
    return pa.table(columns, schema=DECISIONS).take(pa.array(rows)).sort_by("id")


def _among(parents: NDArray[np.int64], present: NDArray[np.bool_], place: str) -> NDArray[np.int64]:
    """The first clip up the chain of parents that is there; the clip itself where there is none."""
    _ends(parents, place)  # chains end
    found = parents.copy()
    while (absent := ~present[found] & (parents[found] != found)).any():
        found[absent] = parents[found[absent]]
    return np.where(present[found], found, np.arange(len(parents)))


def _ends(parents: NDArray[np.int64], place: str) -> NDArray[np.int64]:
    """End of the chain of parents of each row."""
    found = parents
    for _ in range(len(parents).bit_length() + 1):
        found = found[found]
    if not np.array_equal(parents[found], found):
        raise ShapeError(f"decisions={place}: clips duplicate each other in a circle; these are no tables of SemDeDup")
    return found


def _kept(clips: pa.Table) -> pa.Array:
    return clips.filter(clips["kept"])["clip_id"].combine_chunks()


def _without(clips: pa.Table, dropped: pa.Array) -> pa.Table:
    """CLIPS that are not kept any longer."""
    gone = pc.is_in(clips["clip_id"], value_set=dropped)
    for name, value in (("kept", pa.scalar(False)), ("reason", pa.scalar(REASON))):
        clips = clips.set_column(
            clips.schema.get_field_index(name), clips.schema.field(name), pc.if_else(gone, value, clips[name])
        )
    return clips


def _of_others(place: str, unknown: pa.Array, ids: pa.Array, what: str) -> MissingInput:
    some = examples(unknown.to_pylist())
    return MissingInput(
        f"decisions={place}: it {what} {len(unknown)} of {len(ids)} clips ({some}): it is of another dataset, or older "
        "than these clips. Run that dedup again, or +experiment=dedup with clips=... and embeddings=..."
    )


def _write(store: Store, rule: Dedup, decisions: pa.Table) -> None:
    """Store the decisions as ours are, for the summary and the report."""
    folder, kept = decisions_folder(rule), int(pc.sum(decisions["kept"]).as_py() or 0)
    eps = rule.eps if rule.compares else None
    counts = {"eps": eps, "kept": kept, "removed": len(decisions) - kept, "total": len(decisions)}
    said = reviewed_counts(decisions)
    data = parquet.write(decisions)

    def part() -> Iterator[str]:
        store.write(f"{folder}/part-0.parquet", data)
        yield f"{folder}/part-0.parquet"

    rewrite(store, folder, fingerprint("foreign", hashlib.sha256(data).hexdigest()), part(), **counts, **said)
    log.info("decisions: %d of %d clips kept at eps=%r", kept, len(decisions), rule.eps)
