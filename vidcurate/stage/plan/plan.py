"""The story of a plan: look at all inputs, draw a few, do the real work on them, forecast, and say it."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Collection

import pyarrow as pa
import pyarrow.compute as pc
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import MissingInput, VidcurateError
from vidcurate.recipe import Recipe
from vidcurate.records import Retry
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.stop import demand_running
from vidcurate.source.base import Source
from vidcurate.stage.plan.census import census
from vidcurate.stage.plan.forecast import forecast
from vidcurate.stage.plan.page import told
from vidcurate.stage.plan.sample import candidates, draw
from vidcurate.stage.plan.trial import Rehearse, attempt
from vidcurate.stage.plan.write import tell, write_plan
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store
from vidcurate.store.reach import located

log = logging.getLogger(__name__)


def plan(
    store: Store,
    source: Source | None,
    recipe: Recipe,
    runtime: Runtime,
    seed: int,
    rehearse: Callable[..., object],
    *,
    retry: Retry | None = None,
    command: str | None = None,
) -> dict[str, object]:
    """Say what a run would do, take and cost; of the dataset only plan.json and plan.md are written.

    Args:
        store: the dataset, which may not be there yet.
        source: where inputs come from.
        recipe: what is planned; `recipe.plan` says how closely to look.
        runtime: where the run would be, and the sample is.
        seed: of the draw.
        rehearse: `curate` with all that is planned, but for `source`, `out`, `runtime` and `max_failures`.
        retry: as split would be given it.
        command: that does what is planned; None where no command line would.

    Returns:
        What plan.json holds.

    Raises:
        MissingInput: there is no source, or nothing in it.
        VidcurateError: there is work, and none of its videos can be read.
    """
    begun = time.process_time()  # until now all was imports
    if source is None:
        raise MissingInput("plan needs a source: source.path=DIR, or source=Folder(path=DIR) in Python")
    entries = census(store, source, recipe, retry)
    videos = candidates(entries)
    units = draw(videos, recipe.plan, seed) if videos else ()
    trial, clock = None, time.monotonic()
    if units:
        demand_running()
        log.info(
            "plan: %d of %d videos are tried, %.1f of %.1f minutes",
            len(units),
            len(videos),
            sum(unit.length for unit in units) / 60,
            sum(video.seconds for video in videos) / 60,
        )
        narrow = runtime.narrowed(max(1, len(units) // 3))  # or every video would be the first of its worker
        trial = attempt(store, units, recipe, _within(rehearse, narrow), source.full_hash)
    took = time.monotonic() - clock
    places = _is_local(videos[0].video.path) if videos else True, store.is_local
    standing = _standing(store, {video.video.id for video in videos})
    found = forecast(entries, videos, trial, recipe, runtime, begun, places, standing)
    page = told(store, entries, trial, found, recipe, runtime, command, took)
    write_plan(store, page)
    tell(store, page)
    unreadable = [entry for entry in entries if entry.fate == "unreadable"]
    if not videos and len(unreadable) == len(entries):
        raise VidcurateError(f"none of {len(entries)} inputs can be read, {unreadable[0].uri}: {unreadable[0].why}")
    return dataclasses.asdict(page)


def _within(rehearse: Callable[..., object], runtime: Runtime) -> Rehearse:
    def on_runtime(**what: object) -> object:
        return rehearse(runtime=runtime, **what)

    return on_runtime


def _standing(store: Store, work: Collection[str]) -> tuple[int, int]:
    """Clips of other videos that pass the filters, as the tables say, and their bytes."""
    clips = read_tables(store, but=["scores", "captions", "hashes"]).clips
    stay = clips.filter(
        pc.and_(clips["kept"], pc.invert(pc.is_in(clips["video_id"], value_set=pa.array(sorted(work), pa.string()))))
    )
    return stay.num_rows, int(pc.sum(stay["num_bytes"]).as_py() or 0)


def _is_local(place: str) -> bool:
    return isinstance(located(place)[0], LocalFileSystem)
