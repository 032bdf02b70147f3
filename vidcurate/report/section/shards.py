"""The shards by folder, and the lines that load them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidcurate.report.context import Context, Section
from vidcurate.report.howto import snippet


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The shards of one bin."""

    path: str
    shards: int
    samples: int
    num_bytes: int
    seconds: float


def section(context: Context) -> Section:
    """A table of them, or how to pack some."""
    facts = {"folders": folders(context.dataset.index), "snippet": snippet(context.store)}
    return Section(name="shards", title="Shards", facts=facts)


def folders(index: Mapping[str, Any]) -> list[Folder]:
    """Shards by folder, in the order of the index."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for entry in index.get("shards", []):
        groups.setdefault(entry["path"].rpartition("/")[0], []).append(entry)
    return [
        Folder(
            path=path,
            shards=len(entries),
            samples=sum(entry["num_samples"] for entry in entries),
            num_bytes=sum(entry["num_bytes"] for entry in entries),
            seconds=math.fsum(entry["duration"] for entry in entries),
        )
        for path, entries in groups.items()
    ]
