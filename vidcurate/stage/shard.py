"""From tables to shards: which clips are in the dataset, what is said about each, and whether they are packed yet."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MissingInput
from vidcurate.recipe import Recipe
from vidcurate.registry import fingerprint, loaded
from vidcurate.sharder.base import Sample, Sharder
from vidcurate.stage.decide import stored_decisions
from vidcurate.stage.dropped import with_vectors
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import Tables
from vidcurate.store.commit import clear, commit, committed, is_current
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

METADATA = (
    "clip_id", "video_id", "start", "end", "duration", "width", "height", "fps", "num_frames", "codec", "num_bytes",
    "has_audio",
)  # fmt: skip
"""Columns of CLIPS that go into every sample's .json, beside `source_video` and `caption`."""

OUTDATED = "dedup is older than the split. Run +experiment=dedup with the same out=... again"


def pack(store: Store, tables: Tables, recipe: Recipe) -> dict[str, int]:
    """Pack the clips of a dataset that the filters and dedup keep.

    Args:
        store: the dataset.
        tables: what split knows.
        recipe: the dedup rule says which decisions count, the sharder how clips are packed.

    Raises:
        MissingInput: split or dedup has not been done, or not with these settings.
    """
    if not tables.clips.num_rows:
        raise MissingInput(f"{store.url}: no clips to pack; run +experiment=split source.path=... out=... first")
    decisions = stored_decisions(store, recipe.dedup).table if recipe.dedup.compares else None
    clips = tables.clips if decisions is None else with_vectors(store, tables.clips, decisions)
    chosen = samples(tables.videos, clips, tables.captions, decisions)
    return shard(store, chosen, recipe.sharder, committed(store, TABLES)["fingerprint"])


def samples(videos: pa.Table, clips: pa.Table, captions: pa.Table, decisions: pa.Table | None) -> list[Sample]:
    """The clips that the filters kept and that are no duplicates, with all that a trainer may want to know.

    Args:
        videos: VIDEOS.
        clips: CLIPS.
        captions: CAPTIONS; the windows of a clip are joined by spaces, enhanced where they are.
        decisions: DECISIONS; None for a dataset that is not deduplicated.

    Returns:
        Samples sorted by key; the metadata of all have the same keys.

    Raises:
        MissingInput: the decisions do not fit the clips.
    """
    kept = clips.filter(clips["kept"])
    if decisions is not None:
        kept = kept.filter(pc.is_in(kept["clip_id"], value_set=_unique(kept["clip_id"], decisions)))
    originals = videos.filter(pc.not_equal(videos["status"], "duplicate"))  # copies go by the id of their original
    sources = dict(zip(originals["video_id"].to_pylist(), originals["uri"].to_pylist(), strict=True))
    texts = _texts(captions)
    return [
        _sample(row, sources[row["video_id"]], texts.get(row["clip_id"], ""))
        for row in kept.sort_by("clip_id").to_pylist()
    ]


def shard(store: Store, samples: Sequence[Sample], sharder: Sharder, cut: str) -> dict[str, int]:
    """Pack samples, unless the same ones are packed already.

    Args:
        store: holds the clips and gets the shards.
        samples: sorted by key.
        sharder: how they are packed.
        cut: fingerprint of how the clips were cut and encoded.

    Returns:
        Number of `shards`, of `samples` in them, and their `bytes`.
    """
    made_from = fingerprint(sharder, cut, [fingerprint(sample.num_bytes, sample.metadata) for sample in samples])
    if is_current(store, sharder.folder, made_from):
        known = committed(store, sharder.folder)
        counts = {name: int(known[name]) for name in ("shards", "samples", "bytes")}
        log.info("shard: up to date, %(samples)d clips in %(shards)d shards", counts)
        return counts
    if not samples:
        log.warning("shard: no clip is left to pack; the filters and dedup keep none")
    clear(store, sharder.folder)
    shards = loaded(sharder, "cpu")(store, list(samples))
    counts = {"shards": len(shards), "samples": len(samples), "bytes": sum(entry.num_bytes for entry in shards)}
    commit(store, sharder.folder, made_from, **counts)
    log.info("shard: %(samples)d clips in %(shards)d shards, %(bytes)d bytes", counts)
    return counts


def _unique(clips: pa.ChunkedArray, decisions: pa.Table) -> pa.Array:
    """Ids that dedup keeps, once sure that it has seen every clip and drops none in favour of one that is gone."""
    ours = decisions.filter(pc.is_in(decisions["id"], value_set=clips.combine_chunks()))
    unknown = len(clips) - ours.num_rows
    if unknown:
        raise MissingInput(f"dedup has not seen {unknown} of {len(clips)} clips: {OUTDATED}")
    unique, dropped = ours.filter(ours["kept"]), ours.filter(pc.invert(ours["kept"]))
    orphans = dropped.filter(pc.invert(pc.is_in(dropped["group_id"], value_set=unique["id"].combine_chunks())))
    if orphans.num_rows:
        raise MissingInput(f"{orphans.num_rows} clips duplicate clips that are no longer in the dataset: {OUTDATED}")
    return unique["id"].combine_chunks()


def _texts(captions: pa.Table) -> dict[str, str]:
    windows: dict[str, list[str]] = defaultdict(list)
    for row in captions.sort_by([("clip_id", "ascending"), ("start_frame", "ascending")]).to_pylist():
        text = row["enhanced_caption"] or row["caption"]
        if text:
            windows[row["clip_id"]].append(text)
    return {clip: " ".join(texts) for clip, texts in windows.items()}


def _sample(clip: dict[str, Any], source: str, caption: str) -> Sample:
    return Sample(
        key=clip["clip_id"],
        media=clip["uri"],
        num_bytes=clip["num_bytes"],
        width=clip["width"],
        height=clip["height"],
        duration=clip["duration"],
        caption=caption,
        metadata={name: clip[name] for name in METADATA} | {"source_video": source, "caption": caption},
    )
