"""How clips score, what each filter drops, and where its bounds lie."""

from __future__ import annotations

from vidcurate.report.context import Context, Section
from vidcurate.report.histogram import histograms


def section(context: Context) -> Section | None:
    """A histogram of each score; None where nothing was scored."""
    charts = histograms(context.dataset.scores)
    if not charts:
        return None
    facts = {"histograms": charts, "bounds": context.dataset.bounds.to_pylist()}
    return Section(name="scores", title="Scores", facts=facts)
