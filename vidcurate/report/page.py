"""report.html: one file that needs nothing from elsewhere and shows what became of every input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vidcurate.report.clips import Clips
from vidcurate.report.context import Context
from vidcurate.report.dataset import read_dataset
from vidcurate.report.section import SECTIONS
from vidcurate.report.section.funnel import funnel
from vidcurate.report.section.shards import folders
from vidcurate.report.template import data_block, inlined, policy, write_page
from vidcurate.store.files import Store

PAGE = "report.html"
PAGE_BYTES = 14_000_000
"""Of the page, pictures and all; what the sections tell is limited by themselves."""


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
    context = Context(store=store, summary=summary, dataset=dataset, clips=Clips(store, dataset))
    sections = [found for tell in SECTIONS if (found := tell(context))]
    names = ["card", "keyboard", *(f"section/{section.name}" for section in sections)]
    style = inlined("page.css", *(f"{name}.css" for name in names))
    columns = {section.name: section.data for section in sections} | {"columns": context.clips.data()}
    data = data_block(columns)
    scripts = [inlined("page.js"), *(f"{{\n{text}}}\n" for name in names if (text := inlined(f"{name}.js")))]
    return {
        "name": store.root.rpartition("/")[2] or "dataset",
        "dataset": dataset,
        "steps": funnel(dataset),
        "folders": folders(dataset.index),
        "sections": sections,
        "style": style,
        "scripts": scripts,
        "policy": policy([style], scripts),
        "data": data,
        "pictures": data_block(context.clips.pictures(PAGE_BYTES - len(data.encode()))),
    }
