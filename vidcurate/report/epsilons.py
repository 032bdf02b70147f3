"""The comparison of epsilons as the page shows it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from vidcurate.report.units import share, size, timespan

SHOWN = {
    "eps": "eps", "kept": "kept", "removed": "removed", "total": "total", "kept_share": "share kept",
    "kept_hours": "length kept", "kept_bytes": "size kept", "groups": "groups",
    "pair_recall": "pair recall", "item_recall": "item recall",
}  # fmt: skip
"""Columns of the comparison of epsilons that the page shows, and their headings."""


def epsilon_table(text: str) -> list[dict[str, str]]:
    """Of the CSV that compares epsilons what a reader wants first, row by row and in units that suit its columns."""
    rows = csv.DictReader(io.StringIO(text))
    return [dict(_cell(name, value) for name, value in row.items() if name in SHOWN) for row in rows]


def _cell(name: str, value: str) -> tuple[str, str]:
    if not value:
        return SHOWN[name], ""
    if name == "kept_share":
        return SHOWN[name], share(float(value))
    if name == "kept_hours":
        return SHOWN[name], timespan(float(value) * 3600)
    if name == "kept_bytes":
        return SHOWN[name], size(float(value))
    if name in {"pair_recall", "item_recall"}:
        return SHOWN[name], f"{float(value):.2%}"
    return SHOWN[name], value


def measured(text: str, eps: float | None) -> list[str]:
    """Sentences on the search and on SemDeDup's rule at one epsilon; none where its row does not tell.

    Args:
        text: the CSV that compares epsilons.
        eps: the epsilon.
    """
    for row in csv.DictReader(io.StringIO(text)):
        if float(row["eps"]) == eps:
            return [*_recall(row), *_orphans(row)]
    return []


def _recall(row: Mapping[str, str]) -> Iterator[str]:
    if float(row.get("pair_recall_low") or 0) == 1:
        yield "The search is exact: it knows all pairs."
        return
    for name, what in (("pair_recall", "all duplicate pairs"), ("item_recall", "clips with an earlier duplicate")):
        if row.get(name):
            known, low, high = (f"{float(row[column]):.2%}" for column in (name, f"{name}_low", f"{name}_high"))
            yield f"Measured on a sample, the search knows {known} of {what} (95 % interval {low} to {high})."


def _orphans(row: Mapping[str, str]) -> Iterator[str]:
    if row.get("semdedup_removed"):
        orphans, removed = (int(row[f"semdedup_{name}"]) for name in ("orphans", "removed"))
        yield f"SemDeDup would have orphaned {orphans:,} of the {removed:,} it drops: no clip it keeps is within eps."
