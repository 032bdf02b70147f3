"""How a person's decisions are followed: over the filters, over epsilon, and whatever rule decides.

What is said counts for the clip it is said of, and for no other: a clip that is kept by word takes nobody's place.
A clip that is dropped by word plays no part, so that its group is decided as if it had never been there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import MissingInput
from vidcurate.neighbours.graph import Graph
from vidcurate.stage.neighbours import Compared
from vidcurate.stage.review.verdicts import REVIEWED, Review
from vidcurate.table import DECISIONS


def overruled(clips: pa.Table, kept: Review | pa.Array | None) -> pa.Table:
    """CLIPS in which clips that a person keeps pass the filters, if they have a file.

    Args:
        clips: CLIPS.
        kept: a review, or ids; None changes nothing.
    """
    if kept is None:
        return clips
    ids = kept.ids("keep") if isinstance(kept, Review) else kept
    hit = pc.and_(pc.is_in(clips["clip_id"], value_set=ids), pc.is_valid(clips["uri"]))
    hit = pc.and_not(hit, clips["kept"])
    if not pc.any(hit).as_py():
        return clips
    return _set(_set(clips, "kept", hit, pa.scalar(True)), "reason", hit, pa.scalar(""))


def kept_by_word(decisions: pa.Table | None) -> pa.Array:
    """Ids of the clips that stay because a person has said so, as DECISIONS tell."""
    if decisions is None:
        return pa.array([], pa.string())
    said = pc.and_(decisions["kept"], pc.equal(decisions["reason"], REVIEWED))
    return decisions["id"].filter(said).combine_chunks()


def heeded(compared: Compared, review: Review | None) -> Compared:
    """Compared clips with what a person has said; the best copy takes the place of one that is dropped by word."""
    if review is None:
        return compared
    barred = review.among(compared.ids, "drop")
    found = replace(compared, review=review)
    return _inherited(found, barred) if barred[compared.stands].any() else found


def demand_decided(review: Review | None, clips: pa.Table, decisions: pa.Table) -> None:
    """Refuse to pack what a person keeps against the filters while dedup has not compared it.

    Raises:
        MissingInput: there is such a clip.
    """
    ids = pa.array([], pa.string()) if review is None else review.ids("keep")
    kept = clips.filter(clips["kept"])["clip_id"]
    kept = kept.filter(pc.is_in(kept, value_set=ids))
    unseen = len(kept) - (pc.sum(pc.is_in(kept, value_set=decisions["id"].combine_chunks())).as_py() or 0)
    if review is not None and unseen:
        raise MissingInput(
            f"dedup.review={review.place!r} keeps {unseen} clips against the filters that dedup has not compared; run "
            "+experiment=dedup with the same out=... and dedup.review=... first"
        )


def respoken(decisions: pa.Table, review: Review | None) -> pa.Table:
    """DECISIONS that somebody else has made, or nobody, with what a person says.

    Nothing but groups is known of them: of the group of a clip that is dropped by word that clip stays which is most
    similar to what it was dropped for, the first by id of equals, and the others are dropped for it.
    """
    if review is None:
        return decisions
    ids, own = decisions["id"].combine_chunks(), np.arange(decisions.num_rows)
    keep, drop = review.among(ids, "keep"), review.among(ids, "drop")
    before = np.asarray(decisions["kept"].to_numpy(), np.bool_)
    root = pc.index_in(decisions["group_id"].combine_chunks(), value_set=ids).fill_null(-1).to_numpy().copy()
    gone = drop & before
    heir = _heirs(decisions, root, gone, keep | drop)
    inherits = (root >= 0) & (heir[root] >= 0) & ~drop
    root[inherits] = heir[root[inherits]]
    stays = (before | keep | (inherits & (root == own))) & ~drop
    alone = drop | (stays & ((root < 0) | gone[root]))
    root[alone] = own[alone]
    lost, names = inherits & ~stays, pc.if_else(pa.array(root >= 0), ids.take(pa.array(np.maximum(root, 0))), None)
    witness = pc.if_else(pa.array(lost), names, decisions["witness_id"].combine_chunks())
    columns = {
        "id": ids,
        "kept": pa.array(stays),
        "witness_id": pc.if_else(pa.array(stays | drop), None, witness),
        "similarity": pc.if_else(pa.array(lost), None, decisions["similarity"].combine_chunks()),
        "group_id": names,
        "reason": pc.if_else(pa.array(stays), "", decisions["reason"].combine_chunks()),
    }
    columns["reason"] = pc.if_else(pa.array(keep | drop), REVIEWED, columns["reason"])
    return pa.table(columns, schema=DECISIONS)


def _heirs(
    decisions: pa.Table, root: NDArray[np.int64], gone: NDArray[np.bool_], spoken: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Of each clip that is gone the one that stays in its place, else -1: int64 [n]."""
    heir = np.full(len(root), -1)
    members = np.flatnonzero((root >= 0) & gone[root] & ~spoken)
    similarity = pc.fill_null(decisions["similarity"], 0.0).to_numpy()[members]
    order = members[np.lexsort((members, -similarity))]
    heads, first = np.unique(root[order], return_index=True)
    heir[heads] = order[first]
    return heir


def _inherited(compared: Compared, barred: NDArray[np.bool_]) -> Compared:
    """The comparison as if clips that are dropped by word had not stood for their copies."""
    ranks, stands, own = compared.ranks, compared.stands.copy(), np.arange(len(compared.ids))
    heir = own.copy()
    members = np.flatnonzero(barred[stands] & ~barred & (stands != own))
    members = members[np.argsort(ranks[members])]
    heads, first = np.unique(stands[members], return_index=True)
    heir[heads] = members[first]
    stands[members] = heir[stands[members]]
    stands[barred] = own[barred]
    alone = pa.array(stands == own)
    order = _set(compared.order, "reason", alone, pa.scalar(""))
    order = order.set_column(order.schema.get_field_index("stands"), "stands", pa.array(stands))
    return replace(compared, order=order, graph=_renamed(compared.graph, heir, ranks))


def _renamed(graph: Graph, heir: NDArray[np.int64], ranks: NDArray[np.int64]) -> Graph:
    """Pairs of other rows, again with the earlier one first and in order of rank."""
    one, other = heir[graph.first], heir[graph.second]
    swaps = ranks[one] > ranks[other]
    first, second = np.where(swaps, other, one), np.where(swaps, one, other)
    order = np.lexsort((ranks[first], ranks[second]))
    return replace(graph, first=first[order], second=second[order], similarity=graph.similarity[order])


def _set(table: pa.Table, name: str, where: pa.Array | pa.ChunkedArray, value: pa.Scalar) -> pa.Table:
    column = pc.if_else(where, value, table[name])
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
