"""The parts of the report: each is a module, a template and, if need be, a script and a style sheet of one name."""

from collections.abc import Callable

from vidcurate.report.context import Context, Section
from vidcurate.report.section import duplicates, failures, following, funnel, reasons, rejects, scores, shards, sheet

SECTIONS: tuple[Callable[[Context], Section | None], ...] = (
    funnel.section,
    reasons.section,
    failures.section,
    scores.section,
    rejects.section,
    duplicates.section,
    sheet.section,
    shards.section,
    following.section,
)
"""In the order of the page; each tells its part, or None where there is nothing to tell."""
