"""Which videos of a source are processed, and when the tables are written: only what is missing, or has changed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from vidcurate.errors import MissingInput
from vidcurate.events import emit
from vidcurate.progress import progress
from vidcurate.recipe import Recipe
from vidcurate.records import Retry, Video
from vidcurate.source.base import Source
from vidcurate.stage.inputs import Inputs, identify, relicensed, superseded
from vidcurate.stage.ledger import Brief, known_briefs, read_ledger, record_stamps, write_ledger
from vidcurate.stage.named import read_named, write_named
from vidcurate.stage.record import (
    Record,
    Records,
    is_of_cut,
    missing,
    read_record,
    remove_record,
    wanted,
    write_record,
)
from vidcurate.stage.settle import settle
from vidcurate.stage.settled import is_settled, mark_settled
from vidcurate.stage.takedown import taken_ids, without_taken
from vidcurate.store.files import Store

log = logging.getLogger(__name__)


def split(
    recipe: Recipe,
    source: Source | None,
    store: Store,
    process: Callable[[Sequence[Video]], Iterator[Record]],
    retry: Retry | None = None,
) -> None:
    """Process every video that has no record of this recipe, or that has failed, then write the tables.

    Args:
        recipe: what is wanted of each video.
        source: where videos come from.
        store: the dataset.
        process: gives the committed record of each of some videos, as they end.
        retry: `failed` processes only videos that have failed before.

    Raises:
        MissingInput: there is no source, or nothing in it.
    """
    if source is None:
        raise MissingInput("split needs a source: source.path=DIR, or source=Folder(path=DIR) in Python")
    known, made_from = read_named(store), wanted(recipe)
    inputs = without_taken(store, identify(source, known))
    write_named(store, known, inputs.known, taken_ids(store))
    stamps, ledger = record_stamps(store), read_ledger(store)
    briefs = known_briefs(store, ledger, stamps)
    is_changed = _put_right(store, briefs, inputs)
    todo = to_do(inputs.videos, briefs, made_from, retry)
    log.info("split: %d of %d videos are up to date, %d to do", len(inputs.videos) - len(todo), inputs.count, len(todo))
    emit("stored", step="split", stored=len(inputs.videos) - len(todo), count=len(inputs.videos), unit="videos")
    may_cut = {video.id for video in inputs.videos}
    while True:
        if todo:
            is_changed = True
            may_cut -= {video.id for video in todo}
            fates = _fates(inputs, briefs, {video.id for video in todo})
            for record in progress(process(todo), len(todo), "split: videos", fates):
                briefs[record.key] = Brief.of(record)
                emit("video", **_ended(record))
        if is_changed:
            stamps = record_stamps(store)
        if is_settled(store, recipe, stamps):
            break
        ours = sorted((brief for brief in briefs.values() if is_of_cut(brief, made_from)), key=attrgetter("uri", "key"))
        lacking = settle(store, Records(store, [brief.key for brief in ours]), recipe, may_cut)
        todo = [video for video in inputs.videos if video.id in lacking & may_cut]
        if not todo:
            if not lacking:
                mark_settled(store, recipe, stamps)
            break
        log.info("split: %d videos are cut again: clips of theirs that were dropped and removed pass now", len(todo))
    write_ledger(store, briefs, stamps, ledger)


def _fates(inputs: Inputs, briefs: Mapping[str, Brief], todo: Collection[str]) -> Counter[str]:
    """What has become of the inputs that need no work."""
    fates = Counter(duplicate=len(inputs.copies), filtered=len(inputs.taken), failed=len(inputs.unreadable))
    for video in inputs.videos:
        if video.id in briefs and video.id not in todo:
            brief = briefs[video.id]
            fates["failed" if brief.is_failed else "kept" if brief.num_clips else "filtered"] += 1
    return fates


def to_do(
    videos: Sequence[Video], briefs: Mapping[str, Brief], made_from: Mapping[str, str], retry: Retry | None
) -> list[Video]:
    """Videos that are to be worked on: those that lack something, or with `retry=failed` those that have failed."""
    if retry == "failed":
        return [video for video in videos if video.id in briefs and briefs[video.id].is_failed]
    return [video for video in videos if missing(briefs.get(video.id), made_from)]


def _put_right(store: Store, briefs: dict[str, Brief], inputs: Inputs) -> bool:
    """Make records say of inputs what the source says now, and `briefs` with them; whether any has changed."""
    gone = superseded(briefs, inputs)
    for key in gone:
        remove_record(store, key)
        del briefs[key]
    licenses = relicensed(briefs, inputs)
    found = Records(store, list(licenses))
    stated = [replace(one, video=one.video | {"license": licenses[one.key]}) for one in found]
    told = [*(one for one in inputs.settled if not _is_recorded(store, one, briefs)), *stated]
    for record in told:
        write_record(store, record)
        briefs[record.key] = Brief.of(record)
    return bool(gone or told)


def _ended(record: Record) -> dict[str, Any]:
    """Facts of the event `video`: ids and numbers, so that nothing but tables holds names."""
    video = record.video
    return {
        "video": video["video_id"],
        "status": video["status"],
        "reason": video["reason"],
        "duration": video.get("duration") or 0.0,
        "bytes": video["size_bytes"],
        "clips": len(record.clips),
    }


def _is_recorded(store: Store, record: Record, briefs: Mapping[str, Brief]) -> bool:
    """Whether a record of an input that needs no work says this already."""
    return briefs.get(record.key) == Brief.of(record) and read_record(store, record.key) == record
