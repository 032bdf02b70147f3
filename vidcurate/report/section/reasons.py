"""Why videos and clips are not in the dataset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.context import Context, Section
from vidcurate.report.dataset import Dataset
from vidcurate.stage.review.verdicts import REVIEWED
from vidcurate.summary import reasons_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """How many ended for one reason.

    Attributes:
        unit: `videos` or `clips`.
        fate: filtered, duplicate, failed, or dropped by a person.
        reason: one word.
        count: how many.
        share: of all of the unit, 0 to 1.
    """

    unit: str
    fate: str
    reason: str
    count: int
    share: float


def section(context: Context) -> Section | None:
    """A table of videos and one of clips; None where all are in it."""
    found = reasons(context.dataset)
    if not found:
        return None
    return Section(name="reasons", title="Reasons", heading="What was left out, and why", facts={"reasons": found})


def reasons(dataset: Dataset) -> list[Reason]:
    """Why videos and clips are not in the dataset, the most frequent first."""
    videos, clips = dataset.videos, dataset.clips
    lost = videos.filter(pc.not_equal(videos["status"], "processed"))
    words = pa.table({"fate": lost["status"], "reason": reasons_of(lost)})
    found = list(_counted(words, "videos", videos.num_rows))
    filtered = clips.filter(pc.invert(clips["kept"]))
    found += _counted(_fates(filtered, "filtered"), "clips", clips.num_rows)
    if dataset.decisions is not None:
        dropped = dataset.decisions.filter(pc.invert(dataset.decisions["kept"]))
        by_word = pc.equal(dropped["reason"], REVIEWED)
        for fate, rows in (("duplicate", dropped.filter(pc.invert(by_word))), ("dropped", dropped.filter(by_word))):
            found += _counted(_fates(rows, fate), "clips", clips.num_rows)
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
