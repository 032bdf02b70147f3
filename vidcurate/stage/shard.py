"""From samples to shards: which are packed already, what is of another plan, and what lists them all."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MissingInput
from vidcurate.model.device import best_device
from vidcurate.progress import progress
from vidcurate.recipe import Recipe
from vidcurate.records import Foreign
from vidcurate.registry import fingerprint, loaded
from vidcurate.runtime.base import Runtime
from vidcurate.sharder.base import File, Part, Sample, Shard, Sharder
from vidcurate.sharder.checksums import write_checksums
from vidcurate.sharder.plan import plan
from vidcurate.stage.append import batch, packing, write_left
from vidcurate.stage.card import NAME as CARD
from vidcurate.stage.card import write_card
from vidcurate.stage.croissant import NAME as CROISSANT
from vidcurate.stage.croissant import write_croissant
from vidcurate.stage.foreign_decisions import decided
from vidcurate.stage.packed import keys_of
from vidcurate.stage.samples import samples
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import Tables
from vidcurate.store.commit import RECORD, commit, committed, is_current
from vidcurate.store.files import Store
from vidcurate.store.provenance import versions

log = logging.getLogger(__name__)

Describe = Callable[[Sequence[Shard]], None]
"""All shards of a dataset, sorted by name -> nothing; writes `DESCRIPTIONS`."""
DESCRIPTIONS = (CARD, CROISSANT)
OURS = Foreign()
SUFFIX = "_shard.json"
"""Ends the name of a shard's record, which is written when all its files are there."""


def pack(
    store: Store, tables: Tables, recipe: Recipe, runtime: Runtime, seed: int, foreign: Foreign = OURS
) -> dict[str, int]:
    """Pack the clips of a dataset that the filters and dedup keep.

    Args:
        store: the dataset.
        tables: what split knows.
        recipe: the dedup rule says which decisions count, the sharder how clips are packed.
        runtime: maps over workers.
        seed: of the shuffle.
        foreign: which clips, those of `tables`, and which decisions are not the dataset's own.

    Raises:
        MissingInput: split or dedup has not been done, or not with these settings.
    """
    if not tables.clips.num_rows:
        raise MissingInput(f"{store.url}: no clips to pack; run +experiment=split source.path=... out=... first")
    source = Store(foreign.clips) if foreign.clips else store
    clips, decisions = decided(store, source, tables.clips, recipe.dedup, foreign)
    chosen = samples(dataclasses.replace(tables, clips=clips), decisions, recipe.sharder)
    cut, sharder = committed(source, TABLES).get("fingerprint", "foreign"), recipe.sharder
    if not (sharder.append and committed(store, sharder.folder)):  # nothing that is whole is there to append to
        write_left(store, ())
        about = partial(_describe, store=store, tables=tables, recipe=recipe, base={}, new=chosen)
        return shard(source, store, plan(chosen, sharder, seed), sharder, cut, runtime, about, _recipe_of(recipe))
    found = batch(store, stored_shards(store, sharder), chosen, clips, decisions, sharder, seed, cut)
    write_left(store, found.left)
    new = [sample for part in found.parts for sample in part.samples]
    about = partial(_describe, store=store, tables=tables, recipe=recipe, base=found.base, new=new)
    by = _recipe_of(recipe)
    return shard(source, store, found.parts, sharder, cut, runtime, about, by, base=found.base, stale=found.stale)


def shard(
    clips: Store,
    store: Store,
    parts: Sequence[Part],
    sharder: Sharder,
    cut: str,
    runtime: Runtime,
    describe: Describe | None = None,
    described_by: object = None,
    *,
    base: Mapping[str, Shard] | None = None,
    stale: Mapping[str, Sequence[str]] | None = None,
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
        base: shards by name that stay as they are; None packs all anew.
        stale: packed clips that would not be chosen today, by reason, for the record.

    Returns:
        Number of `shards`, of `samples` in them, and their `bytes`.
    """
    wanted = {name: entry.made_from for name, entry in (base or {}).items()}
    wanted |= {part.name: _made_from(part, sharder, cut) for part in parts}
    made_from = _all_made_from(sharder, wanted, stale, described_by)
    if is_current(store, sharder.folder, made_from):
        known = committed(store, sharder.folder)
        counts = {name: int(known[name]) for name in ("shards", "samples", "bytes")}
        log.info("shard: up to date, %(samples)d clips in %(shards)d shards", counts)
        return counts
    if not wanted:
        log.warning("shard: no clip is left to pack; the filters and dedup keep none")
    if base is None:
        store.remove(f"{sharder.folder}/{RECORD}")
    written = {
        name: entry for name, entry in stored_shards(store, sharder).items() if wanted.get(name) == entry.made_from
    }
    if base is None:
        _remove_others(store, sharder, written.values())
    work = partial(pack_part, sharder=sharder, cut=cut, clips=clips.url, out=store.url)
    todo = [part for part in parts if part.name not in written]
    for entry in progress(runtime.map(work, todo), len(todo), "shard: shards"):
        written[entry.name] = entry
    if base is not None:  # not before the new shards are there: until then, what lists the old ones is true
        _remove_others(store, sharder, written.values())
    shards = [written[name] for name in sorted(wanted)]
    counts = finish(store, sharder, shards, cut, stale, describe, described_by)
    log.info("shard: %(samples)d clips in %(shards)d shards, %(bytes)d bytes", counts)
    return counts


def finish(
    store: Store,
    sharder: Sharder,
    shards: Sequence[Shard],
    cut: str,
    stale: Mapping[str, Sequence[str]] | None = None,
    describe: Describe | None = None,
    described_by: object = None,
) -> dict[str, int]:
    """List shards that are all there, and commit them; arguments and result are those of `shard`."""
    write_index(store, sharder, shards)
    for name in DESCRIPTIONS:
        store.remove(f"{sharder.folder}/{name}")
    if describe is not None:
        describe(shards)
    write_checksums(store, sharder.folder, shards)
    counts = counted(shards)
    made_from = _all_made_from(sharder, {entry.name: entry.made_from for entry in shards}, stale, described_by)
    facts = packing(sharder, cut) | {"names": [entry.name for entry in shards]} | ({"stale": stale} if stale else {})
    commit(store, sharder.folder, made_from, **facts, **counts)
    return counts


def _describe(
    shards: Sequence[Shard],
    *,
    store: Store,
    tables: Tables,
    recipe: Recipe,
    base: Mapping[str, Shard],
    new: Sequence[Sample],
) -> None:
    """Write what tells people and hubs what the dataset is."""
    sharder = recipe.sharder
    known = {key for entry in base.values() for key in keys_of(store, sharder, entry)}
    clips = tables.clips.filter(pc.is_in(tables.clips["clip_id"], value_set=pa.array(sorted(known), pa.string())))
    packed = clips.set_column(clips.column_names.index("kept"), "kept", pa.repeat(True, clips.num_rows))
    everything = [*samples(dataclasses.replace(tables, clips=packed), None, sharder), *new]
    drops = f"{sharder.folder}/drops.parquet"
    write_card(store, everything, shards, store.read_table(drops) if store.exists(drops) else None, recipe)
    write_croissant(store, sharder.folder, everything, shards)


def _recipe_of(recipe: Recipe) -> object:
    """What the description depends on beside the shards."""
    return recipe.config(), versions()


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
    store.write_json(record_key(sharder, part.name), dataclasses.asdict(entry))
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
    store.write_json(f"{sharder.folder}/index.json", listing(sharder, shards))
    sharder.index(store, shards)


def listing(sharder: Sharder, shards: Sequence[Shard]) -> dict[str, Any]:
    """What `index.json` says of shards, sorted by name."""
    totals = {
        "num_shards": len(shards),
        "num_samples": sum(entry.num_samples for entry in shards),
        "num_bytes": sum(entry.files[0].num_bytes for entry in shards),
        "duration": round(sum(entry.duration for entry in shards), 3),
    }
    return totals | {"shards": [_entry(sharder, entry) for entry in shards]}


def counted(shards: Sequence[Shard]) -> dict[str, int]:
    """Number of `shards`, of `samples` in them, and their `bytes`."""
    samples, size = sum(entry.num_samples for entry in shards), sum(entry.num_bytes for entry in shards)
    return {"shards": len(shards), "samples": samples, "bytes": size}


def _all_made_from(
    sharder: Sharder, shards: Mapping[str, str], stale: Mapping[str, Sequence[str]] | None, described_by: object
) -> str:
    return fingerprint(sharder, shards, *[stale] * bool(stale), *[described_by] * (described_by is not None))


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


def record_key(sharder: Sharder, name: str) -> str:
    """Key of a shard's record."""
    return f"{sharder.folder}/{name}{SUFFIX}"


def _remove_others(store: Store, sharder: Sharder, written: Collection[Shard]) -> None:
    """Empty the folder but for shards that stay."""
    ours = {file.key for entry in written for file in entry.files} | {
        record_key(sharder, entry.name) for entry in written
    }
    for key in store.keys(sharder.folder):
        if key not in ours:
            store.remove(key)
