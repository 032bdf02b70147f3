"""report.html: one file without scripts, links or fonts from elsewhere that shows what became of every input."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from vidcurate.report.dataset import EPSILON_CURVE, EPSILON_TABLE, read_dataset
from vidcurate.report.facts import epsilon_table, folders, funnel, measured, reasons
from vidcurate.report.gallery import pairs, sheet
from vidcurate.report.histogram import histograms
from vidcurate.report.howto import commands, snippet
from vidcurate.report.template import write_page
from vidcurate.store.files import Store

PAGE = "report.html"
FAILURES = 200
"""Failures that are listed; the table holds all of them."""


def write_report(store: Store, summary: Mapping[str, Any]) -> str | None:
    """Write the page of a dataset at its root; what has not been done yet is left out or said to be missing.

    Args:
        store: the dataset.
        summary: what the run says of itself; the page takes from it `dedup.eps`, the epsilon to show.

    Returns:
        Key of the page; None where jinja2 is not installed, which the log says.
    """
    return write_page(store, PAGE, _facts(store, summary))


def _facts(store: Store, summary: Mapping[str, Any]) -> dict[str, Any]:
    dataset = read_dataset(store, (summary.get("dedup") or {}).get("eps"))
    table = store.read(EPSILON_TABLE).decode() if store.exists(EPSILON_TABLE) else ""
    return {
        "name": store.root.rpartition("/")[2] or "dataset",
        "dataset": dataset,
        "steps": funnel(dataset),
        "reasons": reasons(dataset),
        "failures": dataset.failures.slice(0, FAILURES).to_pylist(),
        "histograms": histograms(dataset.scores),
        "bounds": dataset.bounds.to_pylist(),
        "epsilons": epsilon_table(table),
        "measured": measured(table, dataset.eps),
        "curve": base64.b64encode(store.read(EPSILON_CURVE)).decode() if store.exists(EPSILON_CURVE) else "",
        "pairs": pairs(store, dataset),
        "sheet": sheet(store, dataset),
        "folders": folders(dataset.index),
        "snippet": snippet(store),
        "commands": commands(store, dataset.eps),
    }
