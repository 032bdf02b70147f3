"""What was dropped, to be looked at: clips by the reason for which they are not in the dataset."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.context import Context, Section

EACH, REASONS = 12, 12
"""Clips of a reason that are shown, and reasons, the most frequent first."""


def section(context: Context) -> Section | None:
    """A gallery for each reason; None where no clip was dropped."""
    dataset = context.dataset
    filtered = dataset.clips.filter(pc.invert(dataset.clips["kept"]))
    dropped = [_named("filtered", filtered["clip_id"], filtered["reason"])]
    if dataset.decisions is not None:
        copies = dataset.decisions.filter(pc.invert(dataset.decisions["kept"]))
        dropped.append(_named("duplicate", copies["id"], copies["reason"]))
    table = pa.concat_tables(dropped)
    if not table.num_rows:
        return None
    order = [("count", "descending"), ("fate", "ascending"), ("reason", "ascending")]
    counts = table.group_by(["fate", "reason"]).aggregate([([], "count_all")])
    reasons = counts.rename_columns(["fate", "reason", "count"]).sort_by(order).to_pylist()
    data = {"galleries": [_gallery(context, table, row) for row in reasons[:REASONS]]}
    facts = {"left": len(reasons) - len(data["galleries"])}
    return Section(name="rejects", title="Rejects", heading="Clips that were dropped", facts=facts, data=data)


def _named(fate: str, ids: pa.ChunkedArray, reasons: pa.ChunkedArray) -> pa.Table:
    return pa.table({"fate": pa.repeat(fate, len(ids)), "id": ids, "reason": pc.fill_null(reasons, "")})


def _gallery(context: Context, table: pa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """Clips of one reason, evenly spread."""
    own = table.filter(pc.and_(pc.equal(table["fate"], row["fate"]), pc.equal(table["reason"], row["reason"])))["id"]
    shown = min(EACH, len(own))
    names = own.take(pa.array([len(own) * index // shown for index in range(shown)])).to_pylist()
    return row | {"rows": context.clips.rows(names)}
