"""Duplicates: groups and pairs around the threshold of dedup, and what other epsilons would make of the clips."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.clips import Clips
from vidcurate.report.context import Context, Section
from vidcurate.report.dataset import EPSILON_CURVE, EPSILON_TABLE, Dataset
from vidcurate.report.epsilons import epsilon_table, measured
from vidcurate.report.linked import Linked, linked
from vidcurate.report.made_by import command, rule_of
from vidcurate.report.packing import packed
from vidcurate.stage.decide import KNOWN
from vidcurate.stage.review.verdicts import REVIEWED

BORDERLINE, ALIKE, MISSED = 16, 8, 8
"""How many pairs of each kind are shown at most."""
GROUPS, MEMBERS = 12, 8
"""Groups that are shown at first, the largest, and of each of them clips that are dropped."""

Link = tuple[str, str, float]
"""A clip, the one that it is held against, and their similarity."""


def section(context: Context) -> Section:
    """What dedup has decided, or that it has not."""
    store, dataset = context.store, context.dataset
    if dataset.decisions is None:
        return Section(name="duplicates", title="Duplicates", facts={"decided": False})
    text = store.read(EPSILON_TABLE).decode() if store.exists(EPSILON_TABLE) else ""
    rule = rule_of(store)
    found = None
    if rule is not None and dataset.eps is not None:
        found = linked(store, rule, dataset.eps, dataset.decisions)
    shown = found is None and store.exists(EPSILON_CURVE)
    facts = {
        "decided": True,
        "eps": dataset.eps,
        "measured": measured(text, dataset.eps),
        "epsilons": epsilon_table(text),
        "curve": base64.b64encode(store.read(EPSILON_CURVE)).decode() if shown else "",
        "live": found is not None,
        "limit": 1 - found.floor if found else None,
    }
    data = {
        "eps": dataset.eps,
        "pairs": pairs(dataset, context.clips),
        "groups": groups(dataset, context.clips),
        "command": command(store, "dedup"),
        "linked": _data(context, found) if found else None,
    }
    return Section(name="duplicates", title="Duplicates", facts=facts, data=data)


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


def groups(dataset: Dataset, clips: Clips) -> dict[str, Any]:
    """The largest groups, each as the row of the clip that is kept, how many are dropped for it, and some of them.

    Returns:
        `count`: of all groups; `shown`: the first of them, those that are dropped as the rows of each and of its
        witness, their similarity, and the reason.
    """
    assert dataset.decisions is not None
    elsewhere = pc.is_in(dataset.decisions["reason"], value_set=pa.array([KNOWN, REVIEWED]))
    dropped = dataset.decisions.filter(pc.invert(pc.or_(dataset.decisions["kept"], elsewhere)))
    inside = dropped.filter(pc.is_in(dropped["group_id"], value_set=dataset.decisions["id"]))
    sizes = inside.group_by("group_id").aggregate([([], "count_all")])
    largest = sizes.sort_by([("count_all", "descending"), ("group_id", "ascending")]).slice(0, GROUPS)
    members = inside.filter(pc.is_in(inside["group_id"], value_set=largest["group_id"]))
    members = members.sort_by([("similarity", "descending"), ("id", "ascending")]).to_pylist()
    shown = []
    for row in largest.to_pylist():
        own = [member for member in members if member["group_id"] == row["group_id"]][:MEMBERS]
        dropped_clips = [
            [clips.row(member["id"]), clips.row(member["witness_id"]), member["similarity"], member["reason"]]
            for member in own
        ]
        shown.append([clips.row(row["group_id"]), row["count_all"], dropped_clips])
    return {"count": sizes.num_rows, "shown": shown}


def _links(table: pa.Table) -> list[Link]:
    columns: Iterable[list[Any]] = (column.to_pylist() for column in table.columns)
    return list(zip(*columns, strict=True))


def _data(context: Context, found: Linked) -> dict[str, Any]:
    """What the script decides by."""
    compared, rule, dataset = found.compared, found.rule, context.dataset
    names = compared.ids.take(pa.array(found.rows)).to_pylist()
    at = pc.index_in(compared.ids, value_set=dataset.clips["clip_id"])
    seconds = None if at.null_count else float(pc.sum(dataset.clips["duration"].take(at)).as_py() or 0.0)
    known = compared.known
    return {
        "rule": rule.name,
        "total": len(compared.ids),
        "seconds": seconds,
        "limit": 1 - found.floor,
        "within": rule.eps_within_source,
        "across": rule.eps_across_sources,
        "scope": rule.scope,
        "rows": packed(np.array(context.clips.seek_all(names), np.uint32)),
        "first": packed(found.first.astype(np.uint32)),
        "second": packed(found.second.astype(np.uint32)),
        "similarity": packed(found.similarity.astype(np.float32)),
        "stands": packed(found.stands.astype(np.uint32)),
        "copies": packed(found.copies),
        "said": packed(found.said),
        "nearest": packed(compared.graph.nearest.similarity[found.rows].astype(np.float32)),
        "known": packed(known.similarity[found.rows].astype(np.float32)) if known else None,
        "source": packed(compared.sources[found.rows].astype(np.uint32))
        if rule.knows_sources and compared.sources is not None
        else None,
    }
