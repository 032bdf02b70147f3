"""Counts of a dataset, read from its tables: what went in, what became of it, and whether it adds up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import VidcurateError
from vidcurate.stage.settle import Tables

FATES = ("kept", "filtered", "duplicate", "failed")
"""How an input can end."""


def video_counts(videos: pa.Table) -> dict[str, int]:
    """Inputs by how they ended.

    Raises:
        VidcurateError: they do not add up, which is a defect of vidcurate.
    """
    ends = Counter("kept" if status == "processed" else status for status in videos["status"].to_pylist())
    counts = {"in": videos.num_rows, **{fate: ends[fate] for fate in FATES}}
    if counts["in"] != sum(counts[fate] for fate in FATES):
        raise VidcurateError(f"inputs do not add up: {counts}, statuses {dict(ends)}; this is a defect, report it")
    return counts


def clip_counts(clips: pa.Table) -> dict[str, Any]:
    """Clips by whether the filters kept them, with seconds and reasons."""
    kept = clips.filter(clips["kept"])
    reasons = Counter(reason for reason in clips["reason"].to_pylist() if reason)
    return {
        "cut": clips.num_rows,
        "kept": kept.num_rows,
        "seconds": round(pc.sum(clips["duration"]).as_py() or 0.0, 3),
        "kept_seconds": round(pc.sum(kept["duration"]).as_py() or 0.0, 3),
        "filtered": dict(sorted(reasons.items())),
    }


def summarise(tables: Tables, dedup: dict[str, Any] | None, shards: dict[str, Any] | None) -> dict[str, Any]:
    """Everything that summary.json holds.

    Args:
        tables: the dataset's tables.
        dedup: eps, kept, removed, total; None if it was not done.
        shards: shards, samples, bytes; None if there are none.
    """
    filtered = [row for row in tables.videos.to_pylist() if row["status"] in {"filtered", "failed", "duplicate"}]
    return {
        "videos": video_counts(tables.videos),
        "video_reasons": dict(sorted(Counter(f"{row['status']}: {_word(row)}" for row in filtered).items())),
        "clips": clip_counts(tables.clips),
        "dedup": dedup,
        "shards": shards,
    }


def _word(row: dict[str, Any]) -> str:
    return "exact_copy" if row["status"] == "duplicate" else str(row["reason"])
