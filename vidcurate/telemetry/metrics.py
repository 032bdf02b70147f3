"""Metrics of a run as a text file for Prometheus: what node_exporter's textfile collector reads (`*.prom`).

Format 0.0.4. The file is written anew every 15 seconds, and appears whole or not at all.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vidcurate.again import again
from vidcurate.errors import ConfigError
from vidcurate.store.mask import masked
from vidcurate.telemetry.rates import rates
from vidcurate.telemetry.tally import Tally

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two writes; Prometheus most often reads as often."""

Sample = tuple[dict[str, str], float]
"""Labels and a value."""


@contextmanager
def exposed(path: str, dataset: str, tally: Tally) -> Iterator[None]:
    """Keep a file up to date while a run goes on; it stays when that has ended.

    Args:
        path: of the file.
        dataset: a label of all metrics, so that files of several runs may lie in one folder.
        tally: of the run.

    Raises:
        ConfigError: the file cannot be written. Once it could, trouble only costs a warning.
    """
    file, label, failed = Path(path).expanduser(), masked(dataset), False

    def write() -> None:
        nonlocal failed
        try:
            _write(file, exposition(tally, label))
        except OSError as error:
            if not failed:
                log.warning("metrics=%s cannot be written: %s", path, error)
            failed = True

    try:
        _write(file, exposition(tally, label))
    except OSError as error:
        raise ConfigError([f"metrics={path!r} cannot be written: {error}"]) from error
    with again(EVERY, write):
        yield


def exposition(tally: Tally, dataset: str) -> str:
    """The metrics as text.

    Args:
        tally: of the run.
        dataset: label of all of them.
    """
    lines: list[str] = []
    for name, kind, explanation, samples in _metrics(tally):
        lines += [f"# HELP vidcurate_{name} {explanation}", f"# TYPE vidcurate_{name} {kind}"]
        for labels, value in samples:
            shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in ({"dataset": dataset} | labels).items())
            lines.append(f"vidcurate_{name}{{{shown}}} {value:.15g}")
    return "\n".join(lines) + "\n"


def _metrics(tally: Tally) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    """Name, type, explanation and samples of each metric; one that has no sample yet is said all the same."""
    steps, queue = dict(tally.steps), {"waiting": tally.waiting, "under_way": tally.under_way}
    facts = {name: str(tally.run.get(name, "")) for name in ("run", "version", "host", "runtime")}
    speed = rates(tally)

    yield "run_info", "gauge", "The run that has written this.", [(facts, 1)]
    yield "run_active", "gauge", "1 while it goes on, 0 once it has ended.", _one(not tally.how)
    yield "run_start_time_seconds", "gauge", "When it began, seconds since 1970.", _one(tally.began)
    yield "run_last_event_time_seconds", "gauge", "When it last told something.", _one(tally.last)
    yield "videos_total", "counter", "Videos by how they ended.", _labelled("status", tally.videos)
    yield "video_failures_total", "counter", "Videos that failed, by reason.", _labelled("reason", tally.reasons)
    yield "video_seconds_total", "counter", "Length of the videos that ended.", _one(tally.video_seconds)
    yield "video_bytes_total", "counter", "Size of their files.", _one(tally.video_bytes)
    yield "clips_total", "counter", "Clips that were cut of them.", _one(tally.clips)
    yield (
        "items_total",
        "counter",
        "Items that workers have ended: videos, parts of long ones, shards.",
        _of_steps({name: step.items for name, step in steps.items()}),
    )
    yield (
        "item_seconds_total",
        "counter",
        "Seconds that workers were at them.",
        _of_steps({name: step.item_seconds for name, step in steps.items()}),
    )
    yield "stage_seconds_total", "counter", "Seconds of workers by stage of the work.", _labelled("stage", tally.stages)
    yield (
        "step_seconds",
        "gauge",
        "Seconds that a step took, once it has ended.",
        _of_steps({name: step.seconds for name, step in steps.items() if step.seconds is not None}),
    )
    yield (
        "queue_depth",
        "gauge",
        "Items of the step that goes on.",
        _labelled("state", {state: count for state, count in queue.items() if count is not None}),
    )
    yield (
        "workers",
        "gauge",
        "Workers that have ended an item.",
        _of_steps({name: len(step.workers) for name, step in steps.items()}),
    )
    yield "items_lost_total", "counter", "Items whose workers were lost, or that took too long.", _one(tally.lost)
    yield "workers_lost_total", "counter", "Workers that died.", _one(tally.workers_lost)
    yield "realtime_factor", "gauge", "Seconds of video per second.", _one(speed.realtime) if speed else []
    yield "video_hours_per_day", "gauge", "Hours of video per day at this pace.", _one(speed.per_day) if speed else []


def _one(value: float) -> list[Sample]:
    return [({}, value)]


def _labelled(label: str, values: Mapping[str, float]) -> list[Sample]:
    return [({label: name}, value) for name, value in dict(values).items()]


def _of_steps(values: Mapping[str, float]) -> list[Sample]:
    return _labelled("step", values)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _write(file: Path, text: str) -> None:
    """Whole or not at all; the name of the half-written file is one that no collector reads."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(file)
    except OSError:
        half.unlink(missing_ok=True)
        raise
