"""From tables to shards: which clips are in the dataset, what is said about each, and whether they are packed yet."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MissingInput
from vidcurate.model.device import best_device
from vidcurate.progress import progress
from vidcurate.recipe import Recipe
from vidcurate.registry import fingerprint, loaded
from vidcurate.runtime.base import Runtime
from vidcurate.sharder.base import File, Part, Sample, Shard, Sharder
from vidcurate.sharder.checksums import write_checksums
from vidcurate.sharder.plan import plan
from vidcurate.stage.card import write_card
from vidcurate.stage.croissant import write_croissant
from vidcurate.stage.decide import stored_decisions
from vidcurate.stage.dropped import with_vectors
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import Tables
from vidcurate.store.commit import RECORD, commit, committed, is_current
from vidcurate.store.files import Store
from vidcurate.store.provenance import versions

log = logging.getLogger(__name__)

METADATA = (
    "clip_id", "video_id", "start", "end", "duration", "width", "height", "fps", "num_frames", "codec", "num_bytes",
    "has_audio",
)  # fmt: skip
"""Columns of CLIPS that go into every sample's .json, beside `source_video`, `license` and `caption`."""

SUFFIX = "_shard.json"
"""Ends the name of a shard's record, which is written when all its files are there."""
OUTDATED = "dedup is older than the split. Run +experiment=dedup with the same out=... again"


def pack(store: Store, tables: Tables, recipe: Recipe, runtime: Runtime, seed: int) -> dict[str, int]:
    """Pack the clips of a dataset that the filters and dedup keep.

    Args:
        store: the dataset.
        tables: what split knows.
        recipe: the dedup rule says which decisions count, the sharder how clips are packed.
        runtime: maps over workers.
        seed: of the shuffle.

    Raises:
        MissingInput: split or dedup has not been done, or not with these settings.
    """
    if not tables.clips.num_rows:
        raise MissingInput(f"{store.url}: no clips to pack; run +experiment=split source.path=... out=... first")
    decisions = stored_decisions(store, recipe.dedup).table if recipe.dedup.compares else None
    clips = tables.clips if decisions is None else with_vectors(store, tables.clips, decisions)
    parts = plan(samples(tables.videos, clips, tables.captions, decisions), recipe.sharder, seed)
    cut = committed(store, TABLES)["fingerprint"]
    describe = partial(_describe, store=store, parts=parts, recipe=recipe)
    return shard(store, store, parts, recipe.sharder, cut, runtime, describe, (recipe.config(), versions()))


def _describe(shards: Sequence[Shard], *, store: Store, parts: Sequence[Part], recipe: Recipe) -> None:
    """Write what tells people and hubs what the dataset is, and the checksums of all of it last."""
    folder = recipe.sharder.folder
    drops = f"{folder}/drops.parquet"
    write_card(store, parts, shards, store.read_table(drops) if store.exists(drops) else None, recipe)
    write_croissant(store, folder, parts, shards)
    write_checksums(store, folder, shards)


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
    licenses = licenses_of(originals)
    texts = _texts(captions)
    return [
        _sample(row, sources[row["video_id"]], licenses[row["video_id"]], texts.get(row["clip_id"], ""))
        for row in kept.sort_by("clip_id").to_pylist()
    ]


def shard(
    clips: Store,
    store: Store,
    parts: Sequence[Part],
    sharder: Sharder,
    cut: str,
    runtime: Runtime,
    describe: Callable[[Sequence[Shard]], None] | None = None,
    described_by: object = None,
) -> dict[str, int]:
    """Write the shards of a plan that are not there yet, remove what is of another plan, and list them all.

    Args:
        clips: holds the clips.
        store: gets the shards.
        parts: the plan, sorted by name.
        sharder: writes them.
        cut: fingerprint of how the clips were cut and encoded.
        runtime: maps over workers.
        describe: writes what describes the dataset, once all else is there; None leaves it undescribed.
        described_by: what that depends on beside the shards.

    Returns:
        Number of `shards`, of `samples` in them, and their `bytes`.
    """
    wanted = {part.name: _made_from(part, sharder, cut) for part in parts}
    made_from = fingerprint(sharder, wanted, described_by)
    if is_current(store, sharder.folder, made_from):
        known = committed(store, sharder.folder)
        counts = {name: int(known[name]) for name in ("shards", "samples", "bytes")}
        log.info("shard: up to date, %(samples)d clips in %(shards)d shards", counts)
        return counts
    if not parts:
        log.warning("shard: no clip is left to pack; the filters and dedup keep none")
    store.remove(f"{sharder.folder}/{RECORD}")
    written = {
        name: entry for name, entry in stored_shards(store, sharder).items() if wanted.get(name) == entry.made_from
    }
    _remove_others(store, sharder, written.values())
    work = partial(pack_part, sharder=sharder, cut=cut, clips=clips.url, out=store.url)
    todo = [part for part in parts if part.name not in written]
    for entry in progress(runtime.map(work, todo), len(todo), "shard: shards"):
        written[entry.name] = entry
    shards = [written[part.name] for part in parts]
    write_index(store, sharder, shards)
    if describe is not None:
        describe(shards)
    counts = counted(shards)
    commit(store, sharder.folder, made_from, **counts)
    log.info("shard: %(samples)d clips in %(shards)d shards, %(bytes)d bytes", counts)
    return counts


def pack_part(part: Part, *, sharder: Sharder, cut: str, clips: str, out: str) -> Shard:
    """Write one shard, wholly on one worker, and its record last."""
    store = Store(out)
    files = loaded(sharder, best_device())(Store(clips), store, part)
    entry = Shard(
        name=part.name,
        subset=part.subset,
        bins=part.bins,
        num_samples=len(part.samples),
        duration=round(sum(sample.duration for sample in part.samples), 3),
        files=files,
        made_from=_made_from(part, sharder, cut),
    )
    store.write_json(_record(sharder, part.name), dataclasses.asdict(entry))
    return entry


def stored_shards(store: Store, sharder: Sharder) -> dict[str, Shard]:
    """Shards that have been written wholly, by name, in its order."""
    found = {}
    for key in store.keys(sharder.folder, SUFFIX):
        values = store.read_json(key)
        found[values["name"]] = Shard(**values | {"files": tuple(File(**file) for file in values["files"])})
    return dict(sorted(found.items()))


def write_index(store: Store, sharder: Sharder, shards: Sequence[Shard]) -> None:
    """Write what lists a whole dataset: `index.json`, and what loaders want beside it.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shards: all of them, sorted by name.
    """
    totals = {
        "num_shards": len(shards),
        "num_samples": sum(entry.num_samples for entry in shards),
        "num_bytes": sum(entry.files[0].num_bytes for entry in shards),
        "duration": round(sum(entry.duration for entry in shards), 3),
    }
    entries = [_entry(sharder, entry) for entry in shards]
    store.write_json(f"{sharder.folder}/index.json", totals | {"shards": entries})
    sharder.index(store, shards)


def counted(shards: Sequence[Shard]) -> dict[str, int]:
    """Number of `shards`, of `samples` in them, and their `bytes`."""
    samples, size = sum(entry.num_samples for entry in shards), sum(entry.num_bytes for entry in shards)
    return {"shards": len(shards), "samples": samples, "bytes": size}


def _made_from(part: Part, sharder: Sharder, cut: str) -> str:
    facts = [
        (
            sample.key,
            sample.num_bytes,
            sample.metadata,
            sample.vector is not None and hashlib.sha256(sample.vector.tobytes()).hexdigest(),
        )
        for sample in part.samples
    ]
    return fingerprint(sharder, cut, part.name, facts)


def _entry(sharder: Sharder, shard: Shard) -> dict[str, Any]:
    """What `index.json` says of a shard; its path is relative to it, its duration in seconds."""
    return {
        "path": shard.files[0].key.removeprefix(f"{sharder.folder}/"),
        "subset": shard.subset,
        "bins": shard.bins,
        "num_samples": shard.num_samples,
        "num_bytes": shard.files[0].num_bytes,
        "duration": shard.duration,
        "sha256": shard.files[0].sha256,
    }


def _record(sharder: Sharder, name: str) -> str:
    return f"{sharder.folder}/{name}{SUFFIX}"


def _remove_others(store: Store, sharder: Sharder, written: Collection[Shard]) -> None:
    """Empty the folder but for shards that stay."""
    ours = {file.key for entry in written for file in entry.files} | {_record(sharder, entry.name) for entry in written}
    for key in store.keys(sharder.folder):
        if key not in ours:
            store.remove(key)


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


def licenses_of(videos: pa.Table) -> dict[str, str]:
    """Licence of each video by its id; empty where nobody says, as in tables that know of none."""
    known = videos["license"].to_pylist() if "license" in videos.column_names else [""] * videos.num_rows
    return {video: license or "" for video, license in zip(videos["video_id"].to_pylist(), known, strict=True)}


def _sample(clip: dict[str, Any], source: str, license: str, caption: str) -> Sample:
    return Sample(
        key=clip["clip_id"],
        media=clip["uri"],
        num_bytes=clip["num_bytes"],
        width=clip["width"],
        height=clip["height"],
        duration=clip["duration"],
        source=clip["video_id"],
        caption=caption,
        metadata={name: clip[name] for name in METADATA}
        | {"source_video": source, "license": license, "caption": caption},
    )
