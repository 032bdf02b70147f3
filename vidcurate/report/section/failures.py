"""Inputs that failed, each with its message."""

from __future__ import annotations

from vidcurate.report.context import Context, Section

FAILURES = 200
"""Failures that are listed; the table holds all of them."""


def section(context: Context) -> Section | None:
    """A table of them; None where none failed."""
    failures = context.dataset.failures
    if not failures.num_rows:
        return None
    facts = {"failures": failures.slice(0, FAILURES).to_pylist(), "total": failures.num_rows}
    return Section(name="failures", title="Failures", heading="Inputs that failed", facts=facts)
