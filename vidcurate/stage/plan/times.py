"""How long the run takes: the stages of split, the start of its workers, the schedule of its items, the steps after it.

Seconds are forecast by stage: what decodes and encodes goes with the pixels of a video, what finds shots with its
frames, all else with its length. What a worker's first video takes beyond that is starting up, and is paid once by
every worker. Where start-up hides what a small sample could tell, the rates that docs/scale.md measured count.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.auto import CORE_RATE
from vidcurate.recipe import Recipe
from vidcurate.runtime.base import Runtime
from vidcurate.stage.plan.estimate import Estimate, Figure, added, interval
from vidcurate.stage.plan.measured import Trial
from vidcurate.stage.plan.sample import KNOWN, Candidate
from vidcurate.stage.plan.totals import Totals

GOES_WITH = {
    "decode": "pixels", "encode": "pixels", "prove": "pixels", "sample": "pixels", "fetch": "bytes", "shots": "frames",
}  # fmt: skip
"""What the seconds of a stage go with; those of others go with the seconds of the video."""
LOADING = ("start", "shots", "filter.", "embed", "caption", "enhance", "preview")
"""How the stages begin in which libraries and models are loaded."""
SETTLED = 1.3e-4
"""Seconds of this process for every clip: settling it, handing it over, planning its shard (docs/scale.md)."""
PACKED = 6.4e8
"""Bytes of shards that a core writes in a second (docs/scale.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a stage of split will take, of all workers together.

    Attributes:
        name: of it, as docs/observability.md lists them.
        seconds: of workers.
        cpu_seconds: of their main threads.
        start: seconds that every worker takes once, to load what it needs; not in the others.
    """

    name: str
    seconds: Figure
    cpu_seconds: Figure
    start: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitTimes:
    """What split will take.

    Attributes:
        stages: those that take most first.
        seconds: of workers, without their start.
        cpu: CPU seconds of workers, likewise.
        workers: that have something to do.
        start: seconds of a worker to start.
        start_cpu: of its CPU.
        beside: CPU seconds of everything but the items: workers that are started, inputs, tables.
        wall: seconds from its beginning to its end.
    """

    stages: tuple[Stage, ...]
    seconds: Figure
    cpu: Figure
    workers: int
    start: float
    start_cpu: float
    beside: float
    wall: Figure


def split_times(
    totals: Totals, videos: Sequence[Candidate], trial: Trial, recipe: Recipe, runtime: Runtime
) -> SplitTimes:
    """Forecast split.

    Args:
        totals: of the trial.
        videos: all that are work, in the order of the source.
        trial: of the sample.
        recipe: says whether long videos can be shared.
        runtime: says how many workers there are, and how long the parts of long videos.
    """
    busy = np.array([max(one.seconds, 1e-9) for one in trial.tried])
    load = np.array([one.cpu_seconds for one in trial.tried]) / busy
    stages, seconds, cpu = list[Stage](), list[Estimate](), list[Estimate]()
    each = np.zeros(len(videos))
    for name in sorted({name for one in trial.tried for name in one.stages}):
        goes_with = GOES_WITH.get(name, "seconds")
        took = np.array([one.stages[name] for one in trial.tried])
        start = _start(took, totals, goes_with) if name.startswith(LOADING) else 0.0
        lasting = np.maximum(0.0, took - start * totals.first)
        seconds.append(totals.total(lasting, goes_with))
        cpu.append(totals.total(lasting * load, goes_with))
        each += totals.each(lasting, goes_with)
        last = (interval(totals.design, one[-1]) for one in (seconds, cpu))
        stages.append(Stage(name=name, seconds=next(last), cpu_seconds=next(last), start=start))
    whole = interval(totals.design, added(seconds, len(trial.tried)))
    items = list(_items(each.tolist(), videos, recipe, runtime))
    workers = min(runtime.width or trial.workers, len(items))
    start = sum(stage.start for stage in stages)
    in_all, own_cpu = trial.steps["split"]
    beside = max(0.0, in_all - makespan(trial.items, trial.workers))
    return SplitTimes(
        stages=tuple(sorted(stages, key=lambda stage: -stage.seconds.value)),
        seconds=whole,
        cpu=interval(totals.design, added(cpu, len(trial.tried))),
        workers=workers,
        start=start,
        start_cpu=start * float(load[totals.first].mean()) if totals.first.any() else 0.0,
        beside=max(own_cpu, beside),
        wall=whole.times(makespan(items, workers) / max(whole.value, 1e-9)).plus(start + beside),
    )


def step_times(
    trial: Trial, recipe: Recipe, clips: float, packed: float, workers: int
) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of the steps after split: as in the trial, and what more clips add by known rates.

    Args:
        trial: of the sample.
        recipe: says which steps there are.
        clips: that there will be.
        packed: bytes of clips that will be packed.
        workers: that write shards.
    """
    tried = sum(one.clips for one in trial.tried)
    more = SETTLED * max(0.0, clips - tried)
    pairs = max(0.0, clips**2 - tried**2) * trial.dim / 2 / CORE_RATE
    tars = max(0.0, packed - sum(one.packed_bytes for one in trial.tried)) / PACKED
    adds = {"dedup": (pairs / workers + more, pairs + more), "shard": (tars / workers, tars)}
    found = {}
    for name in (*recipe.plan.steps[1:], "report"):
        seconds, cpu = trial.steps.get(name, (0.0, 0.0))
        wall_more, cpu_more = adds.get(name, (more, more))
        found[name] = seconds + wall_more, cpu + cpu_more + (trial.pack_cpu_seconds if name == "shard" else 0.0)
    return found


def makespan(seconds: Iterable[float], workers: int) -> float:
    """When the last item ends, if every worker takes the next one as it becomes free.

    >>> makespan([3, 1, 1, 1, 2], workers=2)
    5.0
    """
    free = [0.0] * max(1, workers)
    for one in seconds:
        heapq.heapreplace(free, free[0] + one)
    return max(free)


def _start(took: NDArray[np.float64], totals: Totals, goes_with: str) -> float:
    """What a worker's first video takes beyond the others, by the ratio of those; 0 where there are too few others."""
    first, others = totals.first & (took > 0), ~totals.first & (took > 0)
    if others.sum() < 2 or not first.any():
        return 0.0
    size = totals.known[:, KNOWN.index(goes_with)] * totals.shares
    slope = took[others].sum() / size[others].sum()
    return max(0.0, float((took - slope * size)[first].mean()))


def _items(each: Sequence[float], videos: Sequence[Candidate], recipe: Recipe, runtime: Runtime) -> Iterator[float]:
    """Seconds of the items as workers get them: short videos first, then the parts of long ones."""
    length, splitter = runtime.part_length, recipe.splitter
    is_shared = splitter.reach is not None and splitter.on_short == "drop"
    parts: list[float] = []
    for seconds, video in zip(each, videos, strict=True):
        count = math.ceil(video.seconds / length) if is_shared and length is not None and not video.again else 1
        if count <= 1:
            yield seconds
        else:
            parts += [seconds / count] * count
    yield from parts
