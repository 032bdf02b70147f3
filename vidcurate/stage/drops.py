"""DROPS: every clip that was cut and is not packed, and why, so that nothing leaves a dataset unseen."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import VidcurateError
from vidcurate.stage.append import LEFT
from vidcurate.stage.faults import examples
from vidcurate.stage.review.verdicts import REVIEWED
from vidcurate.stage.samples import originals
from vidcurate.stage.settle import Tables
from vidcurate.table import DECISIONS, DROPS


def drops_of(
    tables: Tables,
    decisions: pa.Table | None,
    packed: Sequence[str] | pa.Array,
    dropped: pa.Table | None = None,
    left: pa.Table | None = None,
) -> pa.Table:
    """List the clips that are not packed.

    Args:
        tables: what split knows.
        decisions: DECISIONS; None for a dataset that is not deduplicated.
        packed: ids of the clips that are.
        dropped: DROPPED, of vectors that dedup could not use.
        left: LEFT, what an append has left out.

    Returns:
        DROPS, sorted by id.

    Raises:
        VidcurateError: a clip is neither packed nor dropped for a reason, or both, which is a defect of vidcurate.
    """
    clips = tables.clips.select(["clip_id", "video_id", "kept", "reason"])
    gone = clips.filter(pc.invert(pc.is_in(clips["clip_id"], value_set=pa.array(packed, pa.string()))))
    gone = gone.sort_by("clip_id")
    ids, passed, videos = gone["clip_id"], gone["kept"], originals(tables.videos)
    why = pc.coalesce(_column(ids, decisions, "reason"), _column(ids, dropped, "reason"))
    late = (LEFT.empty_table() if left is None else left).rename_columns({"clip_id": "id"})
    reasons, witnesses = (_column(ids, late, name) for name in ("reason", "witness_id"))
    found = pa.table(
        {
            "id": ids,
            "video_id": gone["video_id"],
            "source_video": videos["uri"].take(
                pc.index_in(gone["video_id"], value_set=videos["video_id"].combine_chunks())
            ),
            "stage": pc.if_else(pc.is_valid(reasons), "shard", pc.if_else(passed, _stages(why), "filter")),
            "reason": pc.coalesce(reasons, pc.if_else(passed, why, gone["reason"])),
            "witness_id": pc.coalesce(witnesses, pc.if_else(passed, _column(ids, decisions, "witness_id"), None)),
            "similarity": pc.if_else(passed, _column(ids, decisions, "similarity"), None),
        },
        schema=DROPS,
    )
    unexplained = found.filter(pc.equal(pc.coalesce(found["reason"], ""), ""))["id"].to_pylist()
    if unexplained or clips.num_rows != len(packed) + found.num_rows:
        raise VidcurateError(
            f"{clips.num_rows} clips were cut, {len(packed)} are packed, and {found.num_rows} are not, of which "
            f"{len(unexplained)} for no reason{': ' if unexplained else ''}{examples(unexplained)}; they do not add "
            "up. This is a defect of vidcurate, report it"
        )
    return found


def _stages(why: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Who has dropped a clip that passed the filters: dedup, or a person."""
    return pc.if_else(pc.equal(pc.coalesce(why, ""), REVIEWED), "review", "dedup")


def _column(ids: pa.ChunkedArray, table: pa.Table | None, name: str) -> pa.ChunkedArray | pa.Array:
    """A column of DECISIONS or DROPPED in the order of ids; null where they have no row."""
    if table is None:
        return pa.nulls(len(ids), DECISIONS.field(name).type)
    return table[name].take(pc.index_in(ids, value_set=table["id"].combine_chunks()))
