"""Where the time of a run went, who worked, how fast it was: for those who ask by --verbose, a table or debug lines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

from vidcurate.telemetry.rates import rates
from vidcurate.telemetry.tally import Step, Tally

log = logging.getLogger(__name__)

SHOWN = 8
"""Stages, and workers, that are named; the others are summed up."""

Row = tuple[str, str, float, float | None]
"""Name, items, seconds, and the share of what its section is of."""


def tell(tally: Tally) -> None:
    """Say what became of the time, if workers have ended anything: on a terminal as a table."""
    if not (tally.items and log.isEnabledFor(logging.DEBUG)):
        return
    sections, speed = list(_sections(tally)), " · ".join(_speed(tally))
    if sys.stderr.isatty():
        _print(sections, speed)
        return
    for title, rows in sections:
        log.debug("%s: %s", title, ", ".join(_said(row) for row in rows))
    if speed:
        log.debug("%s", speed)


def _sections(tally: Tally) -> Iterator[tuple[str, list[Row]]]:
    whole = tally.last - tally.began
    yield (
        "steps",
        [
            (name, _count(step.items), step.seconds, _share(step.seconds, whole))
            for name, step in tally.steps.items()
            if step.seconds is not None
        ],
    )
    for name, step in tally.steps.items():
        if step.stages:
            yield f"{name}, by stage", list(_stages(step))
        if step.items:
            yield f"{name}, by worker (share: busy)", list(_workers(step))


def _stages(step: Step) -> Iterator[Row]:
    rest = step.item_seconds - sum(step.stages.values())
    ranked = step.stages.most_common()
    for stage, seconds in ranked[:SHOWN]:
        yield stage, "", seconds, _share(seconds, step.item_seconds)
    if rest := max(0.0, rest) + sum(seconds for _, seconds in ranked[SHOWN:]):
        yield "other", "", rest, _share(rest, step.item_seconds)


def _workers(step: Step) -> Iterator[Row]:
    ranked = sorted(step.workers.items(), key=lambda entry: (-entry[1].seconds, entry[0]))
    for name, worker in ranked[:SHOWN]:
        yield name, _count(worker.items), worker.seconds, _share(worker.seconds, step.seconds)
    if others := [worker for _, worker in ranked[SHOWN:]]:
        seconds, mean = sum(worker.seconds for worker in others), step.seconds and step.seconds * len(others)
        yield f"{len(others)} others", _count(sum(w.items for w in others)), seconds, _share(seconds, mean)


def _speed(tally: Tally) -> Iterator[str]:
    if (found := rates(tally)) is None:
        return
    failed = f", {tally.videos['failed']} failed" if tally.videos["failed"] else ""
    yield f"{tally.videos.total()} videos of {tally.video_seconds / 3600:.3g} h{failed}"
    yield f"{found.realtime:.3g}x real time"
    yield f"{found.per_day:,.0f} video-hours/day"
    yield f"{found.per_worker:,.0f} per busy worker"
    if found.per_gpu is not None:
        yield f"{found.per_gpu:,.0f} per GPU"


def _print(sections: list[tuple[str, list[Row]]], speed: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("where the time went")
    for heading in ("items", "seconds", "share"):
        table.add_column(heading, justify="right")
    for title, rows in sections:
        table.add_row(f"[bold]{title}[/bold]")
        for name, items, seconds, share in rows:
            table.add_row(f"  {name}", items, f"{seconds:,.1f}", "" if share is None else f"{share:.0%}")
        table.add_section()
    screen = Console(stderr=True)
    screen.print(table)
    if speed:
        screen.print(f" {speed}", highlight=False)


def _said(row: Row) -> str:
    name, items, seconds, share = row
    facts = [f"{seconds:.1f} s", "" if share is None else f"{share:.0%}", f"{items} items" if items else ""]
    return " ".join([name, *filter(None, facts)])


def _count(items: int) -> str:
    return f"{items:,}" if items else ""


def _share(seconds: float | None, whole: float | None) -> float | None:
    return seconds / whole if seconds is not None and whole else None
