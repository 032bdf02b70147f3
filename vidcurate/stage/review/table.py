"""One row for every clip that was cut: what became of it and why, and how a person may look at it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.stage.facts import scores_of
from vidcurate.stage.review.verdicts import REVIEWED
from vidcurate.stage.samples import originals
from vidcurate.stage.settle import Tables
from vidcurate.stage.windows import captions_of, windows_of

FATES = ("kept", "duplicate", "dropped", "filtered", "left_out")
"""How a clip can end: packed, dropped by dedup, by a person, by a filter, or for want of a usable vector."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """Clips as people see them.

    Attributes:
        clips: a row each: `clip_id`, `fate`, `reason`, `witness_id`, `similarity`, `group_id`, `source`, `video_id`,
            `start`, `end`, `duration`, `width`, `height`, `fps`, `num_frames`, `codec`, `num_bytes`, `caption`, `uri`,
            and every score as `filter.score`. Those of a group follow one another, the kept one first.
        scores: names of the scores.
    """

    clips: pa.Table
    scores: tuple[str, ...]


def shown(tables: Tables, decisions: pa.Table | None) -> Shown:
    """All clips of a dataset.

    Args:
        tables: what split knows, CLIPS in which what a person keeps passes the filters.
        decisions: DECISIONS; None before dedup.
    """
    clips, videos = tables.clips, originals(tables.videos)
    ids = clips["clip_id"]
    at = pc.index_in(clips["video_id"], value_set=videos["video_id"].combine_chunks())
    fate, reason = _fates(clips, decisions)
    scores = scores_of(ids, tables.scores)
    named = {"clip_id": ids, "fate": fate, "reason": reason}
    for name in ("witness_id", "similarity", "group_id"):
        named[name] = _decided(ids, decisions, name)
    named["source"] = videos["uri"].take(at)
    kept = ("video_id", "start", "end", "duration", "width", "height", "fps", "num_frames", "codec", "num_bytes", "uri")
    named |= {name: clips[name] for name in kept} | {"caption": captions_of(windows_of(ids, tables.captions))}
    return Shown(clips=_ordered(pa.table(named | scores)), scores=tuple(scores))


def _fates(clips: pa.Table, decisions: pa.Table | None) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    passed, ids = clips["kept"], clips["clip_id"]
    if decisions is None:
        return pc.if_else(passed, "kept", "filtered"), clips["reason"]
    kept, why = _decided(ids, decisions, "kept"), _decided(ids, decisions, "reason")
    dropped = pc.if_else(pc.equal(why, REVIEWED), "dropped", "duplicate")
    fate = pc.coalesce(pc.if_else(kept, "kept", dropped), "left_out")
    return pc.if_else(passed, fate, "filtered"), pc.if_else(passed, pc.coalesce(why, "no_vector"), clips["reason"])


def _decided(ids: pa.ChunkedArray, decisions: pa.Table | None, name: str) -> pa.ChunkedArray:
    """A column of DECISIONS in the order of ids; null for clips about which dedup has not decided."""
    kinds = {"similarity": pa.float32(), "kept": pa.bool_()}
    if decisions is None:
        return pa.chunked_array([pa.nulls(len(ids), kinds.get(name, pa.string()))])
    return decisions[name].take(pc.index_in(ids, value_set=decisions["id"].combine_chunks()))


def _ordered(clips: pa.Table) -> pa.Table:
    """By source and time, but what is of a group right after the clip that is kept for it."""
    clips = clips.sort_by([("source", "ascending"), ("start", "ascending"), ("clip_id", "ascending")])
    place = pa.array(range(clips.num_rows), pa.int64())
    root = pc.index_in(pc.coalesce(clips["group_id"], clips["clip_id"]), value_set=clips["clip_id"].combine_chunks())
    turn = pc.if_else(pc.equal(pc.coalesce(clips["group_id"], clips["clip_id"]), clips["clip_id"]), 0, 1)
    order = pa.table({"root": pc.coalesce(root, place), "turn": turn, "place": place})
    return clips.take(pc.sort_indices(order, [(name, "ascending") for name in order.column_names]))
