"""What a plan tells, in order: inputs, yield, bytes, time, cost; as values, and as lines for people."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidcurate.recipe import Recipe
from vidcurate.runtime.base import Runtime
from vidcurate.stage.plan.census import Entry
from vidcurate.stage.plan.estimate import CONFIDENCE, Figure
from vidcurate.stage.plan.forecast import Forecast
from vidcurate.stage.plan.measured import Trial
from vidcurate.store.files import Store
from vidcurate.store.mask import masked

LISTED = 10_000
"""Inputs of each kind and reason that are named."""
STAGES = 8
"""Stages that are named; the others are summed up."""
METHOD = (
    "combined ratio estimator over strata of alike videos and equal work (Cochran 1977, 6.11), variance by "
    "linearisation with the finite population correction, Student's t on the logarithmic scale"
)
OPEN = (
    "duplicates between videos: only pairs that are both in the sample can show, so `shards` leaves out repeats within "
    "one video only, and is an upper bound",
    "percentile bounds of filters (`p20`) are drawn through the sample here, through the whole dataset there",
    "clips that keep_filtered=false had removed and that pass by now: their videos are cut again",
    "time to start a cluster's machines or to wait for them, and what other work slows down there",
    "dedup and shard beyond the sample's size, and writing the tables: worked out by the rates of docs/scale.md",
)
"""What no sample tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What was tried, and how it was reckoned with.

    Attributes:
        videos: how many.
        seconds: of video.
        stretches: videos of which a stretch was tried.
        strata: that they are of.
        workers: that were at them.
        took_seconds: that all of it took.
        clips: that came of it.
        across: clips that duplicate one of another video.
        failed: videos that did, and why.
        confidence: of the intervals.
        method: by which they were found.
    """

    videos: int = 0
    seconds: float = 0.0
    stretches: int = 0
    strata: int = 0
    workers: int = 0
    took_seconds: float = 0.0
    clips: int = 0
    across: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)
    confidence: float = CONFIDENCE
    method: str = METHOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a plan tells.

    Attributes:
        command: that does what is planned; None where no command line would.
        runtime: its registered name.
        steps: that are planned.
        inputs: how many, in all and by fate.
        forecast: what the run would do.
        sample: what was tried, and how.
        because: inputs by fate and by why, for all that is neither new nor up to date.
        open: what is not forecast.
        free_bytes: on the disk of the dataset; None where that cannot be asked.
    """

    command: str | None
    runtime: str
    steps: tuple[str, ...]
    inputs: dict[str, int]
    forecast: Forecast
    sample: Sampled
    because: dict[str, dict[str, list[str]]]
    open: tuple[str, ...]
    free_bytes: int | None


Line = tuple[str, str, str]
"""What, the number, and its interval."""


def told(
    store: Store,
    entries: Sequence[Entry],
    trial: Trial | None,
    found: Forecast,
    recipe: Recipe,
    runtime: Runtime,
    command: str | None,
    took: float,
) -> Page:
    """Put together what is told."""
    fates = Counter[str](entry.fate for entry in entries)
    because: dict[str, dict[str, list[str]]] = {}
    for entry in entries:
        if entry.why:
            because.setdefault(entry.fate, {}).setdefault(entry.why, []).append(entry.uri)
    return Page(
        command=masked(command) if command else None,
        runtime=runtime.name,
        steps=recipe.plan.steps,
        inputs={"in": len(entries)} | fates,
        forecast=found,
        sample=_sampled(trial, took),
        because={fate: {why: uris[:LISTED] for why, uris in reasons.items()} for fate, reasons in because.items()},
        open=OPEN,
        free_bytes=_free(store),
    )


def _sampled(trial: Trial | None, took: float) -> Sampled:
    if trial is None:
        return Sampled()
    pairs = zip(trial.units, trial.tried, strict=True)
    return Sampled(
        videos=len(trial.units),
        seconds=sum(unit.length for unit in trial.units),
        stretches=sum(unit.start is not None for unit in trial.units),
        strata=len({unit.stratum for unit in trial.units}),
        workers=trial.workers,
        took_seconds=took,
        clips=sum(one.clips for one in trial.tried),
        across=trial.across,
        failed={unit.candidate.video.uri: one.failure for unit, one in pairs if one.failure},
    )


def _free(store: Store) -> int | None:
    if not store.is_local:
        return None
    root = Path(store.root)
    return shutil.disk_usage(next(folder for folder in (root, *root.parents) if folder.exists())).free


def sections(page: Page) -> Iterator[tuple[str, list[Line]]]:
    """What is told, by heading."""
    found = page.forecast
    inputs = [(fate, f"{count:,}", "") for fate, count in page.inputs.items()]
    yield "inputs", inputs
    if not found.work:
        return
    yield (
        "yield",
        [
            ("videos to work on", f"{found.work:,}", ""),
            ("video in", _span(found.work_seconds), ""),
            ("clips", *_ends(found.clips, _count)),
            ("video in clips", *_ends(found.clip_seconds, _span)),
            ("clips that pass the filters", *_ends(found.kept, _count)),
            ("video kept", *_ends(found.kept_seconds, _span)),
            ("of these, repeats within one video", *_ends(found.repeats, _count)),
            ("inputs that fail", *_ends(found.failed, _count)),
        ],
    )
    yield (
        "bytes",
        [
            ("in", _size(found.work_bytes), ""),
            ("clips", *_ends(found.media_bytes, _size)),
            ("previews", *_ends(found.preview_bytes, _size)),
            ("tables, vectors, metadata", *_ends(found.tables_bytes, _size)),
            ("shards", *_ends(found.shards_bytes, _size)),
            ("disk needed for out", *_ends(found.out_bytes, _size)),
            ("scratch beside it, at the peak", _size(found.scratch_bytes), ""),
            *([("free there now", _size(page.free_bytes), "")] if page.free_bytes is not None else []),
        ],
    )
    gpu = [("GPU time held", *_ends(found.gpu_seconds, _span))] if found.gpu_seconds else []
    yield (
        f"time, runtime={page.runtime} with {found.workers} workers",
        [
            ("wall time", *_ends(found.wall_seconds, _span)),
            *((f"  {name}", *_ends(wall, _span)) for name, wall in found.wall.items()),
            ("CPU time", *_ends(found.cpu_seconds, _span)),
            ("core time held", *_ends(found.held_seconds, _span)),
            *gpu,
            ("start-up of a worker, in these", _span(found.start_seconds), ""),
        ],
    )
    yield "split, CPU time by stage", list(_stages((stage.name, stage.cpu_seconds) for stage in found.stages))
    if found.gpu_seconds and found.split_seconds.value:
        held = found.gpu_seconds.value / found.split_seconds.value
        yield (
            "split, GPU time held by stage",
            list(_stages((one.name, one.seconds.times(held)) for one in found.stages)),
        )
    if found.cost:
        names = {"cpu": "cores", "gpu": "GPUs", "all": "both", "month": "storage, a month"}
        yield "cost", [(names[name], *_ends(cost, _money)) for name, cost in found.cost.items()]


def _stages(stages: Iterable[tuple[str, Figure]]) -> Iterator[Line]:
    """Those that take most, and the others together."""
    ranked = sorted(stages, key=lambda one: -one[1].value)
    for name, figure in ranked[:STAGES]:
        yield name, *_ends(figure, _span)
    if rest := sum(figure.value for _, figure in ranked[STAGES:]):
        yield "others", _span(rest), ""


def remarks(page: Page) -> Iterator[str]:
    """What somebody should look at: a disk that is too small, inputs that are not plainly new, failures."""
    found = page.forecast
    if page.free_bytes is not None and found.out_bytes.high > page.free_bytes:
        need, free = _size(found.out_bytes.high), _size(page.free_bytes)
        yield f"up to {need} may be needed for out, and {free} are free there: make room, or choose another out"
    for fate, reasons in page.because.items():
        for why, uris in list(reasons.items())[:3]:
            more = f" and {len(uris) - 1:,} more" if len(uris) > 1 else ""
            yield f"{fate}: {plain(uris[0])}{more}: {plain(why)}"
    for uri, why in list(page.sample.failed.items())[:3]:
        yield f"failed in the sample: {plain(uri)}: {plain(why)}"


def _ends(figure: Figure, shown: Callable[[float], str]) -> tuple[str, str]:
    low, high = shown(figure.low), shown(figure.high)
    return shown(figure.value), f"{low} to {high}" if low != high else ""


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.3g} s"
    minutes = seconds / 60
    return f"{minutes:.3g} min" if minutes < 100 else f"{minutes / 60:,.1f} h"


def _size(number: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} bytes" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:,.1f} TiB"


def _money(amount: float) -> str:
    return f"{amount:,.2f}"


def plain(uri: str) -> str:
    """A name or a message on one line, whatever it holds."""
    return " ".join(uri.replace("`", "'").split())
