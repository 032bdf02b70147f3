"""How the newest run went that has done anything: videos per minute and busy workers over time, from its journal."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcurate.report.area import area
from vidcurate.report.context import Context, Section
from vidcurate.report.course import Course, course
from vidcurate.report.units import number
from vidcurate.store.files import Store
from vidcurate.telemetry.journal import journals, read_journal
from vidcurate.telemetry.rates import rates

log = logging.getLogger(__name__)

NEWEST = 20
"""Journals that are looked into: most runs of a finished dataset have nothing to do."""
LARGEST = 2**26
"""Bytes of a journal that is read for the report; that of a larger run is drawn once, in `logs/timeline.html`."""


def section(context: Context) -> Section | None:
    """The section; None where no journal tells of work."""
    found = newest(context.store)
    if found is None:
        return None
    tally = found.tally
    return Section(
        name="throughput",
        title="Throughput",
        facts={
            "tally": tally,
            "day": time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(tally.began)).lstrip("0"),
            "seconds": found.seconds,
            "workers": len(found.lanes) + found.hidden,
            "rates": rates(tally),
            "charts": [_chart("Videos per minute", found.videos), _chart("Workers at work", found.busy)],
            "bins": len(found.videos),
            "steps": found.steps,
            "ticks": [found.seconds * share for share in (0, 0.25, 0.5, 0.75, 1)],
        },
    )


def newest(store: Store) -> Course | None:
    """The course of the newest run that has done anything; None if there is none, or its journal is too large."""
    for keys in journals(store)[:NEWEST]:
        if sum(store.fs.size(store.path(key)) for key in keys) > LARGEST:
            return None
        try:
            found = course(read_journal(store, keys))
        except (KeyError, TypeError) as error:  # another version tells other facts
            log.debug("report: %s was written by another version: %r", keys[0], error)
            continue
        if found.tally.items:
            return found
    return None


def _chart(name: str, curve: NDArray[np.float64]) -> dict[str, Any]:
    peak = float(curve.max())
    mean = float(curve.mean())
    return {
        "name": name,
        "peak": peak,
        "path": area(np.zeros_like(curve), curve / peak) if peak else "",
        "label": f"{name} over the run: {number(mean)} on average, {number(peak)} at most",
    }
