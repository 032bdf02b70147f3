"""What a listing says of a file: enough to know it for the one that was hashed before, without reading it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vidcurate.store.reach import is_url

TAGS = ("ETag", "etag", "md5Hash", "content_md5")
"""What object stores call something that changes with the content."""
TIMES = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")
"""What file systems call the time of the last change."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was.

    Attributes:
        text: the same only for the same file with the same content.
        modified: seconds since 1970 at which it was changed last; 0 where `text` proves the content by itself. A file
            may change again within one tick of the clock that says it.
    """

    text: str
    modified: float


def stamp_of(stat: os.stat_result) -> Stamp:
    """The stamp of a local file: size, time of the last change in nanoseconds, inode."""
    return Stamp(f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ino}", stat.st_mtime)


def local_stamp(place: str) -> Stamp | None:
    """The stamp of a place on a local disk; None for a URL, or where nothing can be seen."""
    if is_url(place):
        return None
    try:
        return stamp_of(Path(place).expanduser().stat())
    except (OSError, ValueError, RuntimeError):  # a name that is none, or of a home that there is not
        return None


def listed_stamp(details: Mapping[str, Any]) -> Stamp | None:
    """The stamp of a file, as `find(detail=True)` of fsspec or `Store.details` tell of it; None if they do not tell."""
    size = details.get("size")
    if "mtime_ns" in details:
        return Stamp(f"{size} {details['mtime_ns']} {details['ino']}", details["mtime"])
    for name in TAGS:
        if details.get(name):
            return Stamp(f"{size} {details[name]}", 0.0)
    for name in TIMES:
        if isinstance(when := details.get(name), datetime):
            return Stamp(f"{size} {when.isoformat()}", when.timestamp())
        if isinstance(when, int | float):
            return Stamp(f"{size} {when!r}", float(when))
    return None
