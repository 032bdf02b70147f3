"""Counts of a dataset, read from what is stored: what went in, what became of it, and whether it adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import TooManyFailures, VidcurateError
from vidcurate.recipe import Recipe
from vidcurate.stage.copies import EXACT
from vidcurate.stage.decide import decisions_folder
from vidcurate.stage.dropped import dropped_counts
from vidcurate.stage.settle import Tables
from vidcurate.stage.takedown import taken_down
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

FATES = ("kept", "filtered", "duplicate", "failed")
"""How an input can end."""


def summarise(store: Store, tables: Tables, recipe: Recipe) -> dict[str, Any]:
    """What summary.json holds; it depends on the dataset alone, not on how the run went.

    Args:
        store: the dataset.
        tables: its tables.
        recipe: says at which epsilon and by which sharder.

    Raises:
        VidcurateError: inputs do not add up, which is a defect of vidcurate.
    """
    decided = committed(store, decisions_folder(recipe.dedup))
    packed = committed(store, recipe.sharder.folder)
    return {
        "videos": _videos(tables.videos),
        "video_reasons": _reasons(tables.videos),
        "clips": _clips(tables.clips),
        "bounds": _bounds(tables.bounds),
        "captions": _captions(tables.captions) if tables.captions.num_rows else None,
        "dedup": {name: decided[name] for name in ("eps", "kept", "removed", "total")} if decided else None,
        "review": decided.get("reviewed"),
        "left_out": dropped_counts(store) or None,
        "shards": {name: packed[name] for name in ("shards", "samples", "bytes")} if packed else None,
        "stale": packed.get("stale"),
        "takedown": taken_down(store),
    }


def amiss(summary: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of the sums should know beside them."""
    if summary["review"]:
        yield "by review.csv {kept} clips are kept and {dropped} dropped, whatever filters and dedup say".format(
            **summary["review"]
        )
    if summary["left_out"]:
        yield f"rows of embeddings left out: {summary['left_out']}; they are listed in semantic/dropped"
    if summary["stale"]:
        counts = {reason: len(names) for reason, names in summary["stale"].items()}
        yield f"packed clips that would be dropped today and stay: {counts}; summary.json names them"


def sums(summary: Mapping[str, Any], steps: Collection[str]) -> Iterator[str]:
    """What there is to show for the steps of a run, in as few words as can be."""
    videos, clips, decided, packed = (summary[name] for name in ("videos", "clips", "dedup", "shards"))
    if "takedown" in steps and summary["takedown"]:
        yield f"{summary['takedown']['videos']:,} videos are taken down"
    if "split" in steps:
        yield f"{videos['in']:,} videos" + (f" of which {videos['failed']:,} failed" if videos["failed"] else "")
    if "shard" in steps and packed:
        yield f"{packed['samples']:,} clips in {packed['shards']:,} shards"
    elif "dedup" in steps and decided:
        at = "" if decided["eps"] is None else f" at eps={decided['eps']}"
        yield f"{decided['kept']:,} of {decided['total']:,} clips are unique{at}"
    elif "split" in steps:
        yield f"{clips['kept']:,} clips"


def demand_success(summary: Mapping[str, Any], max_failures: int) -> None:
    """Say how a split ended that was not a success.

    Raises:
        TooManyFailures: more inputs failed than are allowed.
        VidcurateError: there is no clip at all.
    """
    videos, clips = summary["videos"], summary["clips"]
    if videos["failed"] > max_failures:
        raise TooManyFailures(
            f"{videos['failed']} of {videos['in']} inputs failed, max_failures={max_failures} may; the rest is done. "
            "Which and why: tables/failures, report.html"
        )
    if not clips["kept"]:
        raise VidcurateError(
            f"no clip came out of {videos['in']} inputs, {clips['cut']} were cut: {summary['video_reasons']}. "
            "Lower splitter.min_length or the bounds of the filters"
        )


def _videos(videos: pa.Table) -> dict[str, int]:
    ends = Counter({"kept" if status == "processed" else status: count for status, count in counts(videos["status"])})
    found = {"in": videos.num_rows, **{fate: ends[fate] for fate in FATES}}
    if found["in"] != sum(found[fate] for fate in FATES):
        raise VidcurateError(f"inputs do not add up: {found}, {dict(ends)}; this is a defect of vidcurate, report it")
    return found


def _reasons(videos: pa.Table) -> dict[str, int]:
    lost = videos.filter(pc.not_equal(videos["status"], "processed"))
    return dict(sorted(counts(reasons_of(lost))))


def reasons_of(lost: pa.Table) -> pa.ChunkedArray:
    """Why videos are not in the dataset, in a word each; the reason of a copy is the name of its original."""
    return pc.if_else(pc.equal(lost["status"], "duplicate"), EXACT, lost["reason"])


def counts(words: pa.ChunkedArray) -> list[tuple[str, int]]:
    """How often each word occurs."""
    return [(entry["values"], entry["counts"]) for entry in pc.value_counts(words).to_pylist()]


def _bounds(bounds: pa.Table) -> dict[str, Any]:
    """Where the filters draw their lines: by key, the number that counts and how it was given."""
    return {
        f"{row['filter']}.{row['key']}": {"given": row["given"], "value": row["value"]} for row in bounds.to_pylist()
    }


def _clips(clips: pa.Table) -> dict[str, Any]:
    kept = clips.filter(clips["kept"])
    return {
        "cut": clips.num_rows,
        "kept": kept.num_rows,
        "seconds": round(pc.sum(clips["duration"]).as_py() or 0.0, 3),
        "kept_seconds": round(pc.sum(kept["duration"]).as_py() or 0.0, 3),
        "filtered": dict(sorted((reason, count) for reason, count in counts(clips["reason"]) if reason)),
    }


def _captions(captions: pa.Table) -> dict[str, int]:
    def told(name: str) -> int:
        return int(pc.sum(pc.not_equal(captions[name], "")).as_py() or 0)

    def total(name: str) -> int:
        return int(pc.sum(captions[name]).as_py() or 0)

    return {
        "windows": captions.num_rows,
        "captioned": told("caption"),
        "failed": told("failure"),
        "enhanced": told("enhanced_caption"),
        "enhancer_failed": told("enhancer_failure"),
        "prompt_tokens": total("prompt_tokens"),
        "output_tokens": total("output_tokens"),
    }
