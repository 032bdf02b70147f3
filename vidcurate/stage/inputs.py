"""From a source to videos: each input is named by its content, and exact copies are told apart from new material."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from vidcurate.errors import MediaError
from vidcurate.progress import progress
from vidcurate.records import NAMESPACE, Video
from vidcurate.source.base import Input, Source
from vidcurate.source.identity import video_id
from vidcurate.source.stamp import Stamp, local_stamp
from vidcurate.stage.ledger import Brief
from vidcurate.stage.named import RACY, Named
from vidcurate.stage.record import Record, failed
from vidcurate.store.reach import is_url

HERE, REMOTE = 4, 32
"""Inputs that are hashed at a time: on local disks, and where most of the time is spent waiting."""

TAKEN = "taken_down"
"""Reason of inputs that were taken down."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a source holds.

    Attributes:
        videos: inputs with content of their own, sorted by uri.
        copies: records of inputs whose bytes equal those of an earlier one.
        unreadable: records of inputs that could not be opened.
        taken: records of inputs that were taken down.
        known: what the next run need not hash again, by uri.
    """

    videos: tuple[Video, ...]
    copies: tuple[Record, ...]
    unreadable: tuple[Record, ...]
    taken: tuple[Record, ...] = ()
    known: Mapping[str, Named] = field(default_factory=dict)

    @property
    def settled(self) -> tuple[Record, ...]:
        """Records of the inputs that need no work."""
        return self.copies + self.unreadable + self.taken

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.videos) + len(self.settled)


def identify(source: Source, known: Mapping[str, Named] | None = None) -> Inputs:
    """List a source and name every input.

    Args:
        source: where they are.
        known: what is known of inputs that were named before; those that still have the same stamp are not read.

    Raises:
        MissingInput: the source does not exist or is empty.
    """
    first: dict[str, Video] = {}
    copies: list[Record] = []
    unreadable: list[Record] = []
    lasting: dict[str, Named] = {}
    for entry, outcome, entry_known in _named(source, known or {}):
        license = entry.license or source.license or ""
        if isinstance(outcome, MediaError):
            nameless = str(uuid.uuid5(NAMESPACE, f"unreadable:{entry.uri}"))
            video = Video(id=nameless, uri=entry.uri, path=entry.path, size_bytes=0, license=license)
            unreadable.append(failed(video, "source", outcome, {}))
            continue
        if entry_known is not None:
            lasting[entry.uri] = entry_known
        name, size_bytes = outcome
        video = Video(id=name, uri=entry.uri, path=entry.path, size_bytes=size_bytes, license=license)
        if name in first:
            copies.append(_copy(video, first[name]))
        else:
            first[name] = video
    return Inputs(tuple(first.values()), tuple(copies), tuple(unreadable), known=lasting)


def _named(
    source: Source, known: Mapping[str, Named]
) -> Iterator[tuple[Input, tuple[str, int] | MediaError, Named | None]]:
    """Every input, its id and size or what is wrong with it, and what may be remembered of it."""
    entries = list(itertools.islice(source.inputs(), source.limit))
    stamps = [entry.stamp or local_stamp(entry.path) for entry in entries]
    same = [_same(known.get(entry.uri), stamp, source) for entry, stamp in zip(entries, stamps, strict=True)]
    fresh = [entry for entry, before in zip(entries, same, strict=True) if before is None]
    settled = time.time() - RACY
    hashed = iter(_hashed(fresh, source.full_hash))
    for entry, stamp, before in zip(entries, stamps, same, strict=True):
        if before is not None:
            yield entry, before[2:], before
            continue
        outcome = next(hashed)
        if isinstance(outcome, MediaError) or stamp is None or stamp.modified >= settled:
            yield entry, outcome, None
        else:
            yield entry, outcome, (stamp.text, source.full_hash, *outcome)


def _same(known: Named | None, stamp: Stamp | None, source: Source) -> Named | None:
    """What is known of an input, if it is the same still."""
    is_same = known is not None and stamp is not None and known[:2] == (stamp.text, source.full_hash)
    return known if is_same else None


def _hashed(entries: Sequence[Input], full: bool) -> Iterator[tuple[str, int] | MediaError]:
    """Id and size of each, or what is wrong with it, in their order; several are read at a time."""
    if len(entries) < 2:
        yield from (_id(entry, full) for entry in entries)
        return
    pool = ThreadPoolExecutor(REMOTE if is_url(entries[0].path) else HERE)
    try:
        yield from progress(pool.map(partial(_id, full=full), entries), len(entries), "split: inputs named")
    finally:
        pool.shutdown(cancel_futures=True)


def _id(entry: Input, full: bool) -> tuple[str, int] | MediaError:
    try:
        return video_id(entry.path, full=full)
    except MediaError as error:
        return error


def without(inputs: Inputs, taken: frozenset[str]) -> Inputs:
    """Inputs without some videos; those are recorded as filtered, under ids that do not tell which videos they were."""
    barred = [video for video in inputs.videos if video.id in taken]
    rows = [record.video for record in inputs.copies if record.video["video_id"] in taken]
    barred += [Video(id=row["video_id"], uri=row["uri"], path="", size_bytes=row["size_bytes"]) for row in rows]
    return replace(
        inputs,
        videos=tuple(video for video in inputs.videos if video.id not in taken),
        copies=tuple(record for record in inputs.copies if record.video["video_id"] not in taken),
        taken=tuple(map(_barred, barred)),
    )


def _barred(video: Video) -> Record:
    key = str(uuid.uuid5(NAMESPACE, f"{TAKEN}:{video.id}:{video.uri}"))
    row = {"video_id": key, "uri": video.uri, "size_bytes": video.size_bytes}
    return Record(key=key, video=row | {"status": "filtered", "reason": TAKEN})


def superseded(briefs: Mapping[str, Brief], inputs: Inputs) -> list[str]:
    """Keys of records that yielded nothing and whose file holds something else by now: a failed one put right, say."""
    listed = {video.uri: video.id for video in inputs.videos} | {one.uri: one.key for one in inputs.settled}
    return [key for key, brief in briefs.items() if not brief.num_clips and listed.get(brief.uri, key) != key]


def relicensed(briefs: Mapping[str, Brief], inputs: Inputs) -> dict[str, str]:
    """Licences, by the keys of their records, of videos for which another is stated by now than is recorded."""
    return {
        video.id: video.license
        for video in inputs.videos
        if video.id in briefs and briefs[video.id].license != video.license
    }


def _copy(video: Video, original: Video) -> Record:
    return Record(
        key=str(uuid.uuid5(NAMESPACE, f"copy:{video.id}:{video.uri}")),
        video={
            "video_id": video.id,
            "uri": video.uri,
            "size_bytes": video.size_bytes,
            "license": video.license,
            "status": "duplicate",
            "reason": f"same bytes as {original.uri}",
        },
    )
