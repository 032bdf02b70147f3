"""What a run would do with every input of a source, and what the containers of those say that it would work on.

The dataset is only read. What is decided here is what `split` decides, by the same functions.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, cast

from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import MediaError, StoreError
from vidcurate.progress import progress
from vidcurate.recipe import Recipe
from vidcurate.records import UNLIMITED, Limits, Retry, Video, VideoInfo
from vidcurate.source.base import Source
from vidcurate.stage.inputs import REMOTE, Inputs, identify, superseded
from vidcurate.stage.ledger import Brief, known_briefs, read_ledger, record_stamps
from vidcurate.stage.named import read_named
from vidcurate.stage.place import Placed
from vidcurate.stage.plan.reasons import recipe_of_record, why_again
from vidcurate.stage.record import Records, missing, wanted
from vidcurate.stage.split import to_do
from vidcurate.stage.takedown import without_taken
from vidcurate.store.files import Store
from vidcurate.store.mask import masked
from vidcurate.store.reach import is_url, located
from vidcurate.video.probe import probe
from vidcurate.video.within import Within

log = logging.getLogger(__name__)

Fate = Literal[
    "new", "cut again", "looked at again", "tried again",
    "up to date", "failed before", "not asked for", "exact copy", "taken down", "unreadable",
]  # fmt: skip
"""What a run would do with an input: the first four are work, the others are not."""
UNREAD = "cannot be read ("
"""What follows the place of a file in messages of `source.identity`."""
WORK: tuple[Fate, ...] = ("new", "cut again", "looked at again", "tried again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An input.

    Attributes:
        uri: its name.
        size_bytes: of its file; 0 where it cannot be read.
        fate: what a run would do with it.
        why: in words; empty for what is new or up to date.
        video: to work on; None for what is not.
        info: what its container says; None where nobody asked, or it cannot be read.
    """

    uri: str
    size_bytes: int
    fate: Fate
    why: str = ""
    video: Video | None = None
    info: VideoInfo | None = None

    @property
    def is_work(self) -> bool:
        """Whether a run would work on it."""
        return self.fate in WORK


def census(store: Store, source: Source, recipe: Recipe, retry: Retry | None) -> tuple[Entry, ...]:
    """Look at every input: by its name, its bytes and its record; and at the container of each that is work.

    Args:
        store: the dataset, which may not be there yet.
        source: where inputs come from.
        recipe: what is wanted of them.
        retry: as split is given it.

    Raises:
        MissingInput: there is nothing in the source.
    """
    inputs = without_taken(store, identify(source, read_named(store)))
    briefs = known_briefs(store, read_ledger(store), record_stamps(store))
    for key in superseded(briefs, inputs):
        del briefs[key]
    made_from = wanted(recipe)
    todo = {video.id for video in to_do(inputs.videos, briefs, made_from, retry)}
    before = recipe_of_record(store, recipe)
    incomplete = _incomplete(store, [briefs[name] for name in sorted(todo & briefs.keys())], made_from)
    found = []
    for video in inputs.videos:
        fate, why = _fate(video, briefs.get(video.id), video.id in todo, recipe, before, incomplete)
        found.append(Entry(uri=video.uri, size_bytes=video.size_bytes, fate=fate, why=why, video=video))
    return tuple(sorted((*_probed(found, source.limits), *_settled(inputs)), key=lambda entry: entry.uri))


def _fate(
    video: Video,
    brief: Brief | None,
    is_work: bool,
    recipe: Recipe,
    before: Recipe | None,
    incomplete: frozenset[str],
) -> tuple[Fate, str]:
    if brief is None:
        return ("new", "") if is_work else ("not asked for", "retry=failed: it has not failed")
    made_from = wanted(recipe)
    products = missing(brief, made_from)
    if not is_work:
        if brief.is_failed:
            return "failed before", "the same recipe has failed; retry=failed tries it again"
        return ("not asked for", "retry=failed: it has not failed") if products else ("up to date", "")
    if brief.is_failed and (not products or not brief.made_from):
        return "tried again", "it has failed before" + ("" if products else ", and retry=failed asks for it")
    if "clips" in products:
        return "cut again", why_again(brief, products, recipe, before)
    if video.id in incomplete:
        return "cut again", f"files of its clips are gone, and {why_again(brief, products, recipe, before)}"
    return "looked at again", why_again(brief, products, recipe, before)


def _incomplete(store: Store, briefs: Sequence[Brief], made_from: Mapping[str, str]) -> frozenset[str]:
    """Keys of those records with sound clips that lack a file, so that the source has to be read."""
    keys = [brief.key for brief in briefs if brief.num_clips and "clips" not in missing(brief, made_from)]
    if not keys:
        return frozenset()
    placed = Placed(store)
    return frozenset(
        record.key
        for record in Records(store, keys)
        if not all(here or there for here, there in placed.of([clip["clip_id"] for clip in record.clips]))
    )


def _settled(inputs: Inputs) -> Iterator[Entry]:
    for fate, records in (
        ("exact copy", inputs.copies), ("unreadable", inputs.unreadable), ("taken down", inputs.taken)
    ):  # fmt: skip
        for record in records:
            why = str(record.failure["message"] if record.failure else record.video["reason"])
            why = why[max(0, why.find(UNREAD)) :]  # not where the file lies: so inputs of one fault come together
            size = int(record.video["size_bytes"])
            yield Entry(uri=record.uri, size_bytes=size, fate=cast("Fate", fate), why=masked(why))


def _probed(entries: Sequence[Entry], limits: Limits) -> Iterator[Entry]:
    """The same with what the containers of those that are work say; several are read at a time."""
    work = [entry for entry in entries if entry.video is not None and entry.is_work]
    remote = bool(work) and is_url(cast("Video", work[0].video).path)
    with ThreadPoolExecutor(REMOTE if remote else os.cpu_count() or 1) as pool:
        outcomes = iter(progress(pool.map(partial(_probe, limits=limits), work), len(work), "plan: inputs probed"))
        yield from (next(outcomes) if entry.is_work else entry for entry in entries)


def _probe(entry: Entry, limits: Limits) -> Entry:
    video = cast("Video", entry.video)  # of work there is one
    try:
        info = probed(video, limits)
    except (MediaError, StoreError, OSError) as error:
        why = masked(str(error).removeprefix(f"{video.path}: "))
        return replace(entry, fate="unreadable", why=why, video=None)
    return replace(entry, info=info)


def probed(video: Video, limits: Limits = UNLIMITED) -> VideoInfo:
    """What the container of a video says; of one that lies elsewhere, only what that needs is read.

    Raises:
        UnreadableVideo: it is none.
        OverLimit: it declares more than it may.
        OSError: it cannot be reached.
    """
    with opened(video) as file:
        return probe(file, limits)


@contextmanager
def opened(video: Video) -> Iterator[str | Within]:
    """What FFmpeg reads of a video: its path, or a file of which only what is asked for is fetched."""
    fs, name = located(video.path)
    if isinstance(fs, LocalFileSystem):
        yield name
        return
    with fs.open(name, "rb") as file:
        yield Within(file, 0, video.size_bytes, video.uri)
