"""The numbers of the page, read from the dataset's tables; whatever is not there yet yields nothing."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.dataset import Dataset
from vidcurate.report.units import share, size, timespan

SHOWN = {
    "eps": "eps", "kept": "kept", "removed": "removed", "total": "total", "kept_share": "share kept",
    "kept_hours": "length kept", "kept_bytes": "size kept", "groups": "groups",
    "pair_recall": "pair recall", "item_recall": "item recall",
}  # fmt: skip
"""Columns of the comparison of epsilons that the page shows, and their headings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is left after one step of the work.

    Attributes:
        label: of the step.
        unit: what is counted.
        count: how many are left.
        seconds: how long they last.
        whole: how many of that unit there were at first.
    """

    label: str
    unit: str
    count: int
    seconds: float
    whole: int

    @property
    def share(self) -> float:
        """Left of the first of its unit, 0 to 1."""
        return min(1.0, self.count / self.whole) if self.whole else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """How many ended for one reason.

    Attributes:
        unit: `videos` or `clips`.
        fate: filtered, duplicate or failed.
        reason: one word.
        count: how many.
        share: of all of the unit, 0 to 1.
    """

    unit: str
    fate: str
    reason: str
    count: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The shards of one bin."""

    path: str
    shards: int
    samples: int
    num_bytes: int
    seconds: float


def funnel(dataset: Dataset) -> list[Step]:
    """What is left after each step, from the inputs to the shards."""
    videos, clips, unique = dataset.videos, dataset.clips, dataset.unique
    readable, kept = videos.filter(pc.not_equal(videos["status"], "failed")), clips.filter(clips["kept"])
    steps = [_step("Inputs", videos, videos), _step("Readable", readable, videos)]
    steps += [_step("Clips cut", clips, clips), _step("Passed the filters", kept, clips)]
    if unique is not None:
        steps.append(_step("Unique", unique, clips))
    if dataset.index:
        count, seconds = dataset.index["num_samples"], dataset.index["duration"]
        steps.append(Step(label="In shards", unit="clips", count=count, seconds=seconds, whole=clips.num_rows))
    return steps


def _step(label: str, left: pa.Table, whole: pa.Table) -> Step:
    unit = "clips" if "clip_id" in whole.column_names else "videos"
    seconds = pc.sum(left["duration"]).as_py() or 0.0
    return Step(label=label, unit=unit, count=left.num_rows, seconds=seconds, whole=whole.num_rows)


def reasons(dataset: Dataset) -> list[Reason]:
    """Why videos and clips are not in the dataset, the most frequent first."""
    videos, clips = dataset.videos, dataset.clips
    lost = videos.filter(pc.not_equal(videos["status"], "processed"))
    copies = pc.equal(lost["status"], "duplicate")  # their reason names the original
    words = pa.table({"fate": lost["status"], "reason": pc.if_else(copies, "exact_copy", lost["reason"])})
    found = list(_counted(words, "videos", videos.num_rows))
    filtered = clips.filter(pc.invert(clips["kept"]))
    found += _counted(_fates(filtered, "filtered"), "clips", clips.num_rows)
    if dataset.decisions is not None:
        dropped = dataset.decisions.filter(pc.invert(dataset.decisions["kept"]))
        found += _counted(_fates(dropped, "duplicate"), "clips", clips.num_rows)
    return found


def _fates(table: pa.Table, fate: str) -> pa.Table:
    return pa.table({"fate": pa.array([fate] * table.num_rows, pa.string()), "reason": table["reason"]})


def _counted(words: pa.Table, unit: str, whole: int) -> Iterator[Reason]:
    groups = words.group_by(["fate", "reason"]).aggregate([([], "count_all")])
    order = [("count_all", "descending"), ("fate", "ascending"), ("reason", "ascending")]
    for row in groups.sort_by(order).to_pylist():
        yield Reason(
            unit=unit,
            fate=row["fate"],
            reason=row["reason"],
            count=row["count_all"],
            share=row["count_all"] / (whole or 1),
        )


def folders(index: Mapping[str, Any]) -> list[Folder]:
    """Shards by folder, in the order of the index."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for entry in index.get("shards", []):
        groups.setdefault(entry["path"].rpartition("/")[0], []).append(entry)
    return [
        Folder(
            path=path,
            shards=len(entries),
            samples=sum(entry["num_samples"] for entry in entries),
            num_bytes=sum(entry["num_bytes"] for entry in entries),
            seconds=math.fsum(entry["duration"] for entry in entries),
        )
        for path, entries in groups.items()
    ]


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
