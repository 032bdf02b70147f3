"""Whether the tables agree with each other: every input has one end, every row belongs to something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.stage.settle import Tables
from vidcurate.stage.verify.check import Check, checked, rows

STATUSES = ("processed", "filtered", "duplicate", "failed")
"""How an input can end, as VIDEOS says it."""


def check_rows(tables: Tables) -> Check:
    """`tables/rows`: inputs, then clips, then what is said of clips."""
    return checked("tables/rows", chain(_videos(tables), _clips(tables), _about_clips(tables)))


def _videos(tables: Tables) -> Iterator[str | None]:
    """Each input is processed, filtered, a duplicate or failed, so that their numbers add up to that of all inputs."""
    cut = Counter(tables.clips["video_id"].to_pylist())
    failed = set(tables.failures["uri"].to_pylist())
    times = Counter(_column(tables.videos.filter(pc.not_equal(tables.videos["status"], "duplicate")), "video_id"))
    for row in rows(tables.videos.select(["video_id", "uri", "status", "num_clips"])):
        name, status = f"input {row['uri']!r}", row["status"]
        if status not in STATUSES:
            yield f"{name}: status {status!r}, expected one of {', '.join(STATUSES)}"
        elif status == "failed" and row["uri"] not in failed:
            yield f"{name} has failed, but FAILURES does not say why"
        elif status == "duplicate":
            yield None if times[row["video_id"]] else f"{name} is a copy of {row['video_id']}, which is no input"
        elif times[row["video_id"]] > 1:
            yield f"{name}: {times[row['video_id']]} inputs have the id {row['video_id']}"
        elif (row["num_clips"] or 0) != cut[row["video_id"]]:
            yield f"{name}: VIDEOS counts {row['num_clips']} clips, CLIPS has {cut[row['video_id']]}"
        else:
            yield None


def _clips(tables: Tables) -> Iterator[str | None]:
    videos = set(_column(tables.videos, "video_id"))
    times = Counter(_column(tables.clips, "clip_id"))
    out_of_bounds = set(_column(tables.scores.filter(pc.equal(tables.scores["kept"], False)), "clip_id"))
    for row in rows(tables.clips):
        name = f"clip {row['clip_id']}"
        if times[row["clip_id"]] > 1:
            yield f"{name} has {times[row['clip_id']]} rows in CLIPS"
        elif row["reason"] and not row["kept"] and row["video_id"] is None:
            yield None  # of another dataset, dropped for want of a meta that says more
        elif row["video_id"] not in videos:
            yield f"{name} is cut from {row['video_id']}, which VIDEOS does not know"
        elif row["kept"] == bool(row["reason"]):
            yield f"{name}: kept={row['kept']} with reason {row['reason']!r}"
        elif row["kept"] and row["clip_id"] in out_of_bounds:
            yield f"{name} is kept, but SCORES say that a filter drops it"
        elif not (row["start"] < row["end"] and row["num_frames"] and row["width"] and row["height"]):
            yield f"{name} has no length or no size"
        else:
            yield None


def _about_clips(tables: Tables) -> Iterator[str | None]:
    clips = set(_column(tables.clips, "clip_id"))
    for name in ("scores", "captions", "hashes"):
        for clip in _column(getattr(tables, name), "clip_id"):
            yield None if clip in clips else f"{name.upper()} speak of clip {clip}, which CLIPS do not know"
    for clip, count in Counter(_column(tables.hashes, "clip_id")).items():
        yield None if count == 1 else f"clip {clip} has {count} rows in HASHES"


def _column(table: pa.Table, name: str) -> list[str]:
    return list(table[name].to_pylist())
