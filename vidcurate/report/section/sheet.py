"""A sheet of clips of the finished dataset."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vidcurate.report.context import Context, Section

SHEET = 48
"""Clips that are shown at most."""


def section(context: Context) -> Section | None:
    """Clips that are evenly spread over the videos; None where none is left."""
    chosen = context.dataset.chosen
    if not chosen.num_rows:
        return None
    rows = np.unique(np.linspace(0, chosen.num_rows - 1, min(SHEET, chosen.num_rows)).round().astype(np.int64))
    names = chosen["clip_id"].take(pa.array(rows)).to_pylist()
    facts = {"shown": len(names), "total": chosen.num_rows}
    data = {"rows": context.clips.rows(names)}
    return Section(name="sheet", title="Clips", heading="Clips that made it", facts=facts, data=data)
