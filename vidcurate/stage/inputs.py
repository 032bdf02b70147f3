"""From a source to videos: each input is named by its content, and exact copies are told apart from new material."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vidcurate.errors import MediaError
from vidcurate.records import NAMESPACE, Video
from vidcurate.source.base import Source
from vidcurate.source.identity import video_id
from vidcurate.stage.record import Record, failed

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
    """

    videos: tuple[Video, ...]
    copies: tuple[Record, ...]
    unreadable: tuple[Record, ...]
    taken: tuple[Record, ...] = ()

    @property
    def settled(self) -> tuple[Record, ...]:
        """Records of the inputs that need no work."""
        return self.copies + self.unreadable + self.taken

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.videos) + len(self.settled)


def identify(source: Source) -> Inputs:
    """List a source and name every input.

    Raises:
        MissingInput: the source does not exist or is empty.
    """
    first: dict[str, Video] = {}
    copies: list[Record] = []
    unreadable: list[Record] = []
    for entry in itertools.islice(source.inputs(), source.limit):
        license = entry.license or source.license or ""
        try:
            name, size_bytes = video_id(entry.path, full=source.full_hash)
        except MediaError as error:
            nameless = str(uuid.uuid5(NAMESPACE, f"unreadable:{entry.uri}"))
            video = Video(id=nameless, uri=entry.uri, path=entry.path, size_bytes=0, license=license)
            unreadable.append(failed(video, "source", error, {}))
            continue
        video = Video(id=name, uri=entry.uri, path=entry.path, size_bytes=size_bytes, license=license)
        if name in first:
            copies.append(_copy(video, first[name]))
        else:
            first[name] = video
    return Inputs(tuple(first.values()), tuple(copies), tuple(unreadable))


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


def superseded(records: Mapping[str, Record], inputs: Inputs) -> list[str]:
    """Keys of records that yielded nothing and whose file holds something else by now: a failed one put right, say."""
    listed = {video.uri: video.id for video in inputs.videos} | {one.video["uri"]: one.key for one in inputs.settled}
    return [key for key, record in records.items() if not record.clips and listed.get(record.video["uri"], key) != key]


def relicensed(records: Mapping[str, Record], inputs: Inputs) -> list[Record]:
    """Records of videos whose licence is stated otherwise by now, put right; nothing else of them depends on it."""
    known = ((records[video.id], video.license) for video in inputs.videos if video.id in records)
    return [
        replace(record, video=record.video | {"license": license})
        for record, license in known
        if record.video.get("license", "") != license
    ]


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
