"""From the census and the trial to what the run will yield, take and cost, each figure with its interval."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from vidcurate.recipe import Plan, Recipe
from vidcurate.runtime.base import Runtime
from vidcurate.stage.plan.census import Entry
from vidcurate.stage.plan.estimate import Figure, added, exactly, interval, never
from vidcurate.stage.plan.measured import Trial
from vidcurate.stage.plan.sample import Candidate
from vidcurate.stage.plan.times import Stage, split_times, step_times
from vidcurate.stage.plan.totals import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run would do.

    Attributes:
        work: videos that it works on.
        work_seconds: that they last.
        work_bytes: of their files.
        clips: that are cut.
        clip_seconds: of them.
        kept: clips that pass the filters.
        kept_seconds: of them.
        failed: inputs that fail, unreadable ones included.
        repeats: clips that pass and duplicate another of the same video.
        media_bytes: that clips add.
        preview_bytes: likewise previews.
        tables_bytes: likewise tables, records, metadata and vectors.
        shards_bytes: of the shards of all of the dataset, if only repeats within videos are left out.
        out_bytes: all of them.
        scratch_bytes: beside, on local disks, while the run goes on.
        stages: of split.
        split_seconds: of workers, without start-up.
        cpu_seconds: of all that the run does.
        gpu_seconds: of GPUs that are held; None where none is used.
        held_seconds: of the runtime's workers, idle or not.
        wall: seconds, by step, and `start`.
        wall_seconds: from the first to the last.
        start_seconds: of every worker, once; they are in `wall`.
        workers: that the runtime has.
        cost: by what is paid for: `cpu`, `gpu`, `all`, and `month` for storage; only those with a price.
    """

    work: int
    work_seconds: float
    work_bytes: int
    clips: Figure
    clip_seconds: Figure
    kept: Figure
    kept_seconds: Figure
    failed: Figure
    repeats: Figure
    media_bytes: Figure
    preview_bytes: Figure
    tables_bytes: Figure
    shards_bytes: Figure
    out_bytes: Figure
    scratch_bytes: float
    stages: tuple[Stage, ...]
    split_seconds: Figure
    cpu_seconds: Figure
    gpu_seconds: Figure | None
    held_seconds: Figure
    wall: Mapping[str, Figure]
    wall_seconds: Figure
    start_seconds: float
    workers: int
    cost: Mapping[str, Figure]


def forecast(
    entries: Sequence[Entry],
    videos: Sequence[Candidate],
    trial: Trial | None,
    recipe: Recipe,
    runtime: Runtime,
    command_seconds: float,
    places: tuple[bool, bool],
    standing: tuple[int, int],
) -> Forecast:
    """What a run would do.

    Args:
        entries: all inputs.
        videos: those that are work.
        trial: of a sample of them; None where there is no work.
        recipe: what is done.
        runtime: where.
        command_seconds: that this process has taken to begin.
        places: whether the source, and the dataset, lie on local disks.
        standing: clips that pass already and stay as they are, and their bytes.
    """
    unreadable = sum(entry.fate == "unreadable" for entry in entries)
    if trial is None:
        return _nothing(unreadable, runtime, command_seconds)
    totals = Totals.of(videos, trial)
    design, cut = totals.design, totals.cut
    clips = totals.total((one.clips for one in cut), "seconds")
    media = totals.total((one.media_bytes for one in cut), "bytes")
    previews = totals.total((one.preview_bytes for one in cut), "seconds")
    tables = clips.times(trial.tables_bytes / max(1, sum(one.clips for one in trial.tried)))
    packed = totals.total((one.packed_bytes for one in trial.tried), "bytes")
    overhead = trial.shards_bytes / max(1, sum(one.packed_bytes for one in trial.tried))
    shards, old_shards = packed.times(overhead), standing[1] * overhead
    work = split_times(totals, videos, trial, recipe, runtime)
    steps = step_times(trial, recipe, clips.value + standing[0], packed.value + standing[1], work.workers)
    wall = {"start": exactly(command_seconds), "split": work.wall}
    wall |= {name: exactly(seconds) for name, (seconds, _) in steps.items()}
    wall_seconds = reduce(Figure.joined, wall.values())
    beside = command_seconds + work.start_cpu * work.workers + work.beside + sum(cpu for _, cpu in steps.values())
    gpu = work.wall.times(trial.gpus) if trial.gpus else None
    held = wall_seconds.times(work.workers)
    adds = added([media, previews, tables, shards], len(trial.tried))
    out = interval(design, adds).plus(trial.pages_bytes + old_shards)
    return Forecast(
        work=len(videos),
        work_seconds=sum(video.seconds for video in videos),
        work_bytes=sum(video.video.size_bytes for video in videos),
        clips=interval(design, clips),
        clip_seconds=totals.figure((one.clip_seconds for one in cut), "seconds"),
        kept=totals.figure((one.kept for one in cut), "seconds"),
        kept_seconds=totals.figure((one.kept_seconds for one in cut), "seconds"),
        failed=_failed(totals, len(videos)).plus(unreadable),
        repeats=totals.figure((one.repeats for one in trial.tried), "seconds"),
        media_bytes=interval(design, media),
        preview_bytes=interval(design, previews),
        tables_bytes=interval(design, tables),
        shards_bytes=interval(design, shards).plus(old_shards),
        out_bytes=out,
        scratch_bytes=_scratch(videos, work.workers, places),
        stages=work.stages,
        split_seconds=work.seconds,
        cpu_seconds=work.cpu.plus(beside),
        gpu_seconds=gpu,
        held_seconds=held,
        wall=wall,
        wall_seconds=wall_seconds,
        start_seconds=work.start,
        workers=work.workers,
        cost=dict(_cost(recipe.plan, held, gpu, out)),
    )


def _nothing(unreadable: int, runtime: Runtime, command_seconds: float) -> Forecast:
    none, start = exactly(0.0), exactly(command_seconds)
    counts = ("clips", "clip_seconds", "kept", "kept_seconds", "repeats", "media_bytes", "preview_bytes",
              "tables_bytes", "shards_bytes", "out_bytes", "split_seconds")  # fmt: skip
    return Forecast(
        work=0,
        work_seconds=0.0,
        work_bytes=0,
        failed=exactly(unreadable),
        scratch_bytes=0.0,
        stages=(),
        cpu_seconds=start,
        gpu_seconds=None,
        held_seconds=start,
        wall={"start": start},
        wall_seconds=start,
        start_seconds=0.0,
        workers=runtime.width or 1,
        cost={},
        **dict.fromkeys(counts, none),
    )


def _failed(totals: Totals, videos: int) -> Figure:
    failed = [float(bool(one.failure)) for one in totals.tried]
    if not any(failed):
        return Figure(0.0, 0.0, never(totals.design, videos))
    found = interval(totals.design, totals.total(failed, "videos", scaled=False))
    return Figure(found.value, found.low, min(videos, found.high))


def _scratch(videos: Sequence[Candidate], workers: int, places: tuple[bool, bool]) -> float:
    """Bytes on local disks beside the dataset: copies of the largest videos, and their clips, a worker each."""
    largest = heapq.nlargest(workers, (video.video.size_bytes for video in videos))
    return float(sum(largest) * sum(not is_local for is_local in places))


def _cost(wishes: Plan, held: Figure, gpu: Figure | None, out: Figure) -> Iterator[tuple[str, Figure]]:
    parts = {
        "cpu": held.times(wishes.price_per_cpu_hour / 3600) if wishes.price_per_cpu_hour is not None else None,
        "gpu": gpu.times(wishes.price_per_gpu_hour / 3600) if gpu and wishes.price_per_gpu_hour is not None else None,
    }
    priced = {name: figure for name, figure in parts.items() if figure is not None}
    yield from priced.items()
    if len(priced) > 1:  # both go with the same hours
        yield "all", Figure(*(sum(getattr(one, end) for one in priced.values()) for end in ("value", "low", "high")))
    if wishes.price_per_gib_month is not None:
        yield "month", out.times(wishes.price_per_gib_month / 2**30)
