"""The parts of the report: each is a module, a template and, if need be, a script and a style sheet of one name."""

from collections.abc import Callable

from vidcurate.report.context import Context, Section
from vidcurate.report.section import (
    duplicates,
    failures,
    following,
    funnel,
    map,
    reasons,
    rejects,
    scores,
    search,
    shards,
    sheet,
    shots,
    statistics,
    throughput,
)

SECTIONS: tuple[Callable[[Context], Section | None], ...] = (
    search.section,
    funnel.section,
    reasons.section,
    failures.section,
    scores.section,
    rejects.section,
    duplicates.section,
    map.section,
    shots.section,
    sheet.section,
    statistics.section,
    throughput.section,
    shards.section,
    following.section,
)
"""In the order of the page; each tells its part, or None where there is nothing to tell."""
