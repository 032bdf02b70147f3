"""Duplicates: pairs around the threshold of dedup, and what other epsilons would make of the clips."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.clips import Clips
from vidcurate.report.context import Context, Section
from vidcurate.report.dataset import EPSILON_CURVE, EPSILON_TABLE, Dataset
from vidcurate.report.epsilons import epsilon_table, measured

BORDERLINE, ALIKE, MISSED = 16, 8, 8
"""How many pairs of each kind are shown at most."""

Link = tuple[str, str, float]
"""A clip, the one that it is held against, and their similarity."""


def section(context: Context) -> Section:
    """What dedup has decided, or that it has not."""
    store, dataset = context.store, context.dataset
    if dataset.decisions is None:
        return Section(name="duplicates", title="Duplicates", facts={"decided": False})
    text = store.read(EPSILON_TABLE).decode() if store.exists(EPSILON_TABLE) else ""
    facts = {
        "decided": True,
        "eps": dataset.eps,
        "measured": measured(text, dataset.eps),
        "epsilons": epsilon_table(text),
        "curve": base64.b64encode(store.read(EPSILON_CURVE)).decode() if store.exists(EPSILON_CURVE) else "",
    }
    return Section(name="duplicates", title="Duplicates", facts=facts, data=pairs(dataset, context.clips))


def pairs(dataset: Dataset, clips: Clips) -> dict[str, Any]:
    """Pairs to judge an epsilon by, each as the rows of its clips, their similarity and whether the other is kept.

    Returns:
        `borderline`: duplicates nearest to the threshold, the nearest first; `alike`: the most similar of the others;
        `missed`: clips just below the threshold, which are kept.
    """
    assert dataset.decisions is not None
    decisions = dataset.decisions.sort_by([("similarity", "ascending"), ("id", "ascending")])
    dropped = decisions.filter(pc.is_valid(decisions["witness_id"])).select(["id", "witness_id", "similarity"])
    kept = decisions.filter(decisions["kept"])["id"].combine_chunks()
    near = dataset.neighbours.filter(pc.is_in(dataset.neighbours["id"], value_set=kept))
    near = near.filter(pc.not_equal(near["id"], near["max_id"]))  # the first of a cluster is its own neighbour
    near = near.sort_by([("cosine_sim_score", "descending"), ("id", "ascending")])
    found = {
        "borderline": _links(dropped.slice(0, BORDERLINE)),
        "alike": _links(dropped.slice(max(BORDERLINE, dropped.num_rows - ALIKE)))[::-1],
        "missed": _links(near.slice(0, MISSED)),
    }
    others = {other for links in found.values() for _, other, _ in links}
    survivors = set(kept.filter(pc.is_in(kept, value_set=pa.array(sorted(others), pa.string()))).to_pylist())
    return {
        name: [[*clips.rows((clip, other)), similarity, other in survivors] for clip, other, similarity in links]
        for name, links in found.items()
    }


def _links(table: pa.Table) -> list[Link]:
    columns: Iterable[list[Any]] = (column.to_pylist() for column in table.columns)
    return list(zip(*columns, strict=True))
