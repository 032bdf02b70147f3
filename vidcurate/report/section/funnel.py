"""What is left after each step, from the inputs to the shards."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.context import Context, Section
from vidcurate.report.dataset import Dataset


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


def section(context: Context) -> Section:
    """A bar per step."""
    facts = {"steps": funnel(context.dataset), "decided": context.dataset.decisions is not None}
    return Section(name="funnel", title="Funnel", heading="From inputs to shards", facts=facts)


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
