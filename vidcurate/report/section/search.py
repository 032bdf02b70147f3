"""A field that finds clips by id, source, caption and what became of them."""

from __future__ import annotations

from vidcurate.report.context import Context, Section


def section(context: Context) -> Section | None:
    """The section; None where there is no clip."""
    total = context.dataset.clips.num_rows
    facts = {"all": context.clips.all, "total": total}
    return Section(name="search", title="Search", facts=facts) if total else None
