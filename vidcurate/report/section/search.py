"""A field that finds clips by id, source, caption and what became of them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.context import Context, Section


def section(context: Context) -> Section | None:
    """The section; None where there is no clip."""
    total = context.dataset.clips.num_rows
    facts = {"all": context.clips.all, "total": total}
    data = {"captioned": _captioned(context.dataset.captions)}
    return Section(name="search", title="Search", facts=facts, data=data) if total else None


def _captioned(captions: pa.Table) -> int:
    """Clips that have a caption, of which the page may know fewer."""
    has_text = [pc.not_equal(pc.fill_null(captions[name], ""), "") for name in ("caption", "enhanced_caption")]
    return int(pc.count_distinct(captions["clip_id"].filter(pc.or_(*has_text))).as_py())
