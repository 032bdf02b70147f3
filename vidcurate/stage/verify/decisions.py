"""Whether the decisions of dedup cover the clips, and whether they hold up against the stored pairs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.dedup.base import Dedup
from vidcurate.errors import MissingInput
from vidcurate.stage.decide import KNOWN, decisions_folder, links_of
from vidcurate.stage.dropped import with_vectors
from vidcurate.stage.neighbours import stored_neighbours
from vidcurate.stage.review.verdicts import REVIEWED
from vidcurate.stage.verify.check import DAMAGE, Check, checked, rows
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import DECISIONS

NAME = "tables/decisions"


def read_decisions(store: Store, rule: Dedup) -> pa.Table | None:
    """DECISIONS of a rule as they are stored; None where there are none.

    Raises:
        ValueError: they cannot be read.
    """
    folder = decisions_folder(rule)
    try:
        return store.read_table(f"{folder}/part-0.parquet", DECISIONS.names) if committed(store, folder) else None
    except DAMAGE as error:
        raise ValueError(f"{folder} cannot be read: {error}") from error


def decides(rule: Dedup) -> bool:
    """Whether there are DECISIONS of a rule that count: it compares clips, or a person has reviewed them."""
    return rule.compares or rule.review is not None


def check_decisions(store: Store, clips: pa.Table, rule: Dedup, decisions: pa.Table | None) -> Check:
    """`tables/decisions`.

    Args:
        store: the dataset.
        clips: CLIPS, in which what a person keeps passes the filters.
        rule: that decided.
        decisions: what it decided; None if that is not stored.
    """
    if not decides(rule):
        return Check(name=NAME, note=f"dedup={rule.name} compares nothing")
    if decisions is None:
        return Check(name=NAME, note=f"no decisions are stored in {decisions_folder(rule)}")
    kept = clips.filter(clips["kept"])  # by the filters, or by word
    kept = with_vectors(store, kept, decisions)["clip_id"].to_pylist()
    return checked(NAME, chain(_fates(decisions, set(kept)), _unseen(decisions, kept), _close(store, rule, decisions)))


def _fates(decisions: pa.Table, clips: set[str]) -> Iterator[str | None]:
    """What is kept stands for itself; what is dropped is dropped for a clip that stays."""
    stays = set(decisions.filter(decisions["kept"])["id"].to_pylist()) & clips
    known = {row["group_id"] for row in rows(decisions) if row["reason"] == KNOWN}  # of clips of an earlier dataset
    for row in rows(decisions):
        clip, group = row["id"], row["group_id"]
        if clip not in clips:  # filtered since, which does no harm
            yield None
        elif row["kept"]:
            yield (
                None if row["witness_id"] is None else f"clip {clip} is kept as well as dropped for {row['witness_id']}"
            )
        elif row["reason"] == REVIEWED:  # by word, for no other clip
            yield None
        elif row["witness_id"] is None or not row["reason"]:
            yield f"clip {clip} is dropped without a witness or a reason"
        elif group not in stays and group not in known:
            yield f"orphan: clip {clip} is dropped for {group}, which is not kept"
        else:
            yield None


def _unseen(decisions: pa.Table, clips: list[str]) -> Iterator[str | None]:
    seen = set(decisions["id"].to_pylist())
    for clip in clips:
        yield None if clip in seen else f"clip {clip} is kept by the filters, but dedup has not seen it"


def _close(store: Store, rule: Dedup, decisions: pa.Table) -> Iterator[str | None]:
    """Of no stored pair within epsilon are both kept, unless a person wants one of them."""
    if not rule.compares:
        return
    try:
        compared = stored_neighbours(store, rule)
        links = links_of(compared, rule)
    except MissingInput:  # decided from pairs that are no longer stored, which is no fault
        return
    except DAMAGE as error:
        yield f"the stored pairs cannot be read: {error}"
        return
    ruled = pc.and_(decisions["kept"], pc.not_equal(decisions["reason"], REVIEWED))
    kept = set(decisions.filter(ruled)["id"].to_pylist())
    stays = np.array([clip in kept for clip in compared.ids.to_pylist()], np.bool_)
    both = np.flatnonzero(stays[links.first] & stays[links.second])
    yield from (None for _ in range(len(links.first) - len(both)))
    for pair in both:
        one, other = (compared.ids[int(ends[pair])].as_py() for ends in (links.first, links.second))
        yield f"clips {one} and {other} are both kept at a similarity of {links.similarity[pair]:.4f}, eps={rule.eps!r}"
