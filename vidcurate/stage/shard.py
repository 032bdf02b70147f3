"""From samples to shards: which are packed already, what is of another plan, and what lists them all."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from vidcurate.errors import MissingInput
from vidcurate.model.device import best_device
from vidcurate.progress import progress
from vidcurate.recipe import Recipe
from vidcurate.registry import fingerprint, loaded
from vidcurate.runtime.base import Runtime
from vidcurate.sharder.base import File, Part, Shard, Sharder
from vidcurate.sharder.plan import plan
from vidcurate.stage.decide import stored_decisions
from vidcurate.stage.dedup import written_vectors
from vidcurate.stage.dropped import dropped_rows, with_vectors
from vidcurate.stage.drops import drops_of
from vidcurate.stage.samples import kept_clips, samples
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import Tables
from vidcurate.stage.subsets import subsets
from vidcurate.stage.vectors import load_vectors
from vidcurate.store import parquet
from vidcurate.store.commit import RECORD, commit, committed, is_current
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

SUFFIX = "_shard.json"
"""Ends the name of a shard's record, which is written when all its files are there."""

DROPS_FILE = "drops.parquet"
"""Lists the clips that are in no shard; lies beside `index.json`."""


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
    sharder, kept = recipe.sharder, kept_clips(clips, decisions)["clip_id"]
    sides = subsets(tables.clips, decisions, kept, sharder.val, sharder.test, seed)
    vectors = None
    if sharder.wants_vectors and len(kept):
        vectors = load_vectors(f"{store.url.rstrip('/')}/{written_vectors(store, recipe)}", only=kept.to_pylist())
    chosen = samples(dataclasses.replace(tables, clips=clips), decisions, sharder, sides, vectors)
    drops = drops_of(tables, decisions, kept.to_pylist(), dropped_rows(store))
    cut = committed(store, TABLES)["fingerprint"]
    return shard(store, store, plan(chosen, sharder, seed), sharder, cut, runtime, drops)


def shard(
    clips: Store,
    store: Store,
    parts: Sequence[Part],
    sharder: Sharder,
    cut: str,
    runtime: Runtime,
    drops: pa.Table | None = None,
) -> dict[str, int]:
    """Write the shards of a plan that are not there yet, remove what is of another plan, and list them all.

    Args:
        clips: holds the clips.
        store: gets the shards.
        parts: the plan, sorted by name.
        sharder: writes them.
        cut: fingerprint of how the clips were cut and encoded.
        runtime: maps over workers.
        drops: DROPS, the clips that are in none of the parts; None where that is not known.

    Returns:
        Number of `shards`, of `samples` in them, and their `bytes`.
    """
    wanted = {part.name: _made_from(part, sharder, cut) for part in parts}
    made_from = fingerprint(sharder, wanted, drops is not None and hashlib.sha256(parquet.write(drops)).hexdigest())
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
    write_index(store, sharder, shards, drops)
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


def write_index(store: Store, sharder: Sharder, shards: Sequence[Shard], drops: pa.Table | None = None) -> None:
    """Write what lists a whole dataset: `index.json`, `drops.parquet`, and what loaders want beside them.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shards: all of them, sorted by name.
        drops: DROPS, the clips that are in none; None leaves the list that is there.
    """
    if drops is not None:
        store.write_table(f"{sharder.folder}/{DROPS_FILE}", drops)
    totals = {
        "num_shards": len(shards),
        "num_samples": sum(entry.num_samples for entry in shards),
        "num_bytes": sum(entry.num_bytes for entry in shards),
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
        "num_bytes": shard.num_bytes,
        "duration": shard.duration,
        "sha256": shard.files[0].sha256,
    }


def _record(sharder: Sharder, name: str) -> str:
    return f"{sharder.folder}/{name}{SUFFIX}"


def _remove_others(store: Store, sharder: Sharder, written: Collection[Shard]) -> None:
    """Empty the folder but for shards that stay, and for the list of what is in none."""
    ours = (
        {f"{sharder.folder}/{DROPS_FILE}"}
        | {file.key for entry in written for file in entry.files}
        | {_record(sharder, entry.name) for entry in written}
    )
    for key in store.keys(sharder.folder):
        if key not in ours:
            store.remove(key)
