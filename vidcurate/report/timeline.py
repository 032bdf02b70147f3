"""logs/timeline.html: the course of the newest run that has done anything, by worker, and how fast it was.

It is told by clocks, so it lies beside the journals and not in report.html, which is the same for the same dataset.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import VidcurateError
from vidcurate.events import Event, listening
from vidcurate.report.area import area
from vidcurate.report.course import KINDS, Course, Lane, course, stacked
from vidcurate.report.template import write_page
from vidcurate.stage.settle import SCHEMAS, read_tables
from vidcurate.store.files import Store
from vidcurate.telemetry.journal import FOLDER, journals, read_journal
from vidcurate.telemetry.rates import rates

log = logging.getLogger(__name__)

KEY = f"{FOLDER}/timeline.html"
MARKS = 100
"""Losses that are marked."""


@contextmanager
def drawn(store: Store) -> Iterator[None]:
    """Draw the page once the block has ended, also by an error, if workers have done anything in it."""
    items = 0

    def hear(event: Event) -> None:
        nonlocal items
        items += event["event"] == "item"

    try:
        with listening(hear):
            yield
    except Exception:
        _draw(store, items)
        raise
    _draw(store, items)


def _draw(store: Store, items: int) -> None:
    """Never an error: the run is done, or ends by one of its own."""
    try:
        if items or not store.exists(KEY):
            write_timeline(store)
    except (OSError, VidcurateError) as error:
        log.warning("report: %s is not written: %s", store.path(KEY), error)


def write_timeline(store: Store) -> str | None:
    """Write the page.

    Args:
        store: the dataset.

    Returns:
        Its key; None where there is no journal, or jinja2 is not installed.
    """
    for keys in journals(store):
        try:
            found = course(read_journal(store, keys))
        except (KeyError, TypeError) as error:  # another version tells other facts
            log.warning("report: %s is passed over, it was written by another version: %r", keys[0], error)
            continue
        if found.tally.items:
            return write_page(store, KEY, _facts(store, found))
    return None


def _facts(store: Store, found: Course) -> dict[str, Any]:
    tally, stages = found.tally, found.tally.stages
    rests = (step.item_seconds - sum(step.stages.values()) for step in tally.steps.values())
    stages["other"] = stages.get("other", 0.0) + sum(max(0.0, rest) for rest in rests)
    peak = float(found.pace.max())
    return {
        "name": store.root.rpartition("/")[2] or "dataset",
        "tally": tally,
        "run": tally.run,
        "day": time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(tally.began)).lstrip("0"),
        "seconds": found.seconds,
        "rates": rates(tally),
        "steps": found.steps,
        "kinds": KINDS,
        "lanes": [_drawn(lane) for lane in found.lanes],
        "hidden": found.hidden,
        "ticks": [found.seconds * share for share in (0, 0.25, 0.5, 0.75, 1)],
        "pace": area(np.zeros_like(found.pace), found.pace / peak) if peak else "",
        "bins": len(found.pace),
        "peak": peak,
        "losses": found.losses[:MARKS],
        "stages": sorted(stages.items(), key=lambda entry: -entry[1]),
        "worked": sum(stages.values()) or 1.0,
        "most": max(stages.values()) or 1.0,
        "slowest": _named(store, found),
    }


def _drawn(lane: Lane) -> dict[str, Any]:
    layers = [(kind, area(low, high)) for kind, low, high in stacked(lane.shares)]
    return {
        "label": lane.label,
        "count": lane.items,
        "busy": lane.busy,
        "bins": lane.shares.shape[1],
        "layers": layers,
        "edges": "".join(f"M{at:.2f} 0v100" for at in lane.begins.tolist()),
    }


def _named(store: Store, found: Course) -> list[dict[str, Any]]:
    """The slowest items under the names of their videos, which only tables know."""
    videos = read_tables(store, but=SCHEMAS.keys() - {"videos"}).videos
    ids = pa.array([slow.video for slow in found.slowest], pa.string())
    wanted = videos.filter(pc.is_in(videos["video_id"], value_set=ids))
    names = dict(zip(wanted["video_id"].to_pylist(), wanted["uri"].to_pylist(), strict=True))
    return [
        {"uri": names[slow.video], "seconds": slow.seconds, "stage": slow.stage, "stage_seconds": slow.stage_seconds}
        for slow in found.slowest
        if slow.video in names
    ]
