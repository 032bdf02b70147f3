"""From a plan to shards: which are written already, what is of another plan, and what lists them all."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from vidcurate.events import emit
from vidcurate.model.device import best_device
from vidcurate.progress import progress
from vidcurate.registry import canonical, described, digest_of, fingerprint, loaded
from vidcurate.runtime.base import Runtime
from vidcurate.sharder.base import File, Part, Shard, Sharder
from vidcurate.sharder.checksums import write_checksums
from vidcurate.sharder.samples import Samples
from vidcurate.stage.describe import describe, forget
from vidcurate.stage.packed import all_keys, list_keys
from vidcurate.stage.settle import Tables
from vidcurate.store import parquet
from vidcurate.store.commit import RECORD, commit, committed, is_current
from vidcurate.store.files import Store
from vidcurate.timings import timed

log = logging.getLogger(__name__)

SUFFIX = "_shard.json"
"""Ends the name of a shard's record, which is written when all its files are there."""
AT_ONCE = 2**15
"""Samples whose facts are told at once."""
DROPS_FILE = "drops.parquet"
"""Lists the clips that are in no shard; lies beside `index.json`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Whole:
    """What there is to say of a dataset beside its shards.

    Attributes:
        cut: fingerprint of how the clips were cut and encoded.
        stale: packed clips that would not be chosen today, by reason.
        packed: keys of the samples that are in one; None where only the shards know.
        drops: DROPS, the clips that are in no shard; None where that is not known.
        tables: what is known of the clips, for the card; None for a dataset without one.
        about: how the dataset was made, for its card; plain values.
    """

    cut: str
    stale: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    packed: pa.Array | None = None
    drops: pa.Table | None = None
    tables: Tables | None = None
    about: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def shard(
    clips: Store,
    store: Store,
    parts: Sequence[Part],
    sharder: Sharder,
    whole: Whole,
    runtime: Runtime,
    base: Mapping[str, Shard] | None = None,
) -> dict[str, int]:
    """Write the shards of a plan that are not there yet, remove what is of another plan, and list them all.

    Args:
        clips: holds the clips.
        store: gets the shards.
        parts: the plan, sorted by name.
        sharder: writes them.
        whole: what there is to say beside them.
        runtime: maps over workers.
        base: shards by name that stay as they are; None packs all anew.

    Returns:
        Number of `shards`, of `samples` in them, and their `bytes`.
    """
    wanted = {name: entry.made_from for name, entry in (base or {}).items()}
    wanted |= all_made_from(parts, sharder, whole.cut)
    if is_current(store, sharder.folder, _all_made_from(sharder, wanted, whole)):
        known = committed(store, sharder.folder)
        counts = {name: int(known[name]) for name in ("shards", "samples", "bytes")}
        log.info("shard: up to date, %(samples)d clips in %(shards)d shards", counts)
        emit("stored", step="shard", stored=counts["samples"], count=counts["samples"], unit="clips")
        return counts
    if not wanted:
        log.warning("shard: no clip is left to pack; the filters and dedup keep none")
    stored = stored_shards(store, sharder)
    written = {name: entry for name, entry in stored.items() if wanted.get(name) == entry.made_from}
    if base is None:
        store.remove(f"{sharder.folder}/{RECORD}")
        _remove_others(store, sharder, written.values())
    work = partial(_pack, sharder=sharder, clips=clips.url, out=store.url)
    todo = [(part, wanted[part.name]) for part in parts if part.name not in written]
    there = sum(entry.num_samples for entry in written.values())
    emit("stored", step="shard", stored=there, count=there + sum(len(part.samples) for part, _ in todo), unit="clips")
    for entry in progress(runtime.map(work, todo, models=sharder.runs_models), len(todo), "shard: shards"):
        written[entry.name] = entry
    if base is not None:  # not before the new shards are there: until then, what lists the old ones is true
        _remove_others(store, sharder, written.values())
    counts = finish(store, sharder, [written[name] for name in sorted(wanted)], whole)
    log.info("shard: %(samples)d clips in %(shards)d shards, %(bytes)d bytes", counts)
    return counts


def finish(store: Store, sharder: Sharder, shards: Sequence[Shard], whole: Whole) -> dict[str, int]:
    """List and describe shards that are all there, and commit them; arguments and result are those of `shard`."""
    if whole.drops is not None:
        store.write_table(f"{sharder.folder}/{DROPS_FILE}", whole.drops)
    store.write_json(f"{sharder.folder}/index.json", listing(sharder, shards))
    sharder.index(store, shards)
    forget(store, sharder)
    if whole.tables is not None:
        packed = all_keys(store, sharder, shards) if whole.packed is None else whole.packed
        describe(store, sharder, shards, packed, whole.tables, whole.drops, whole.about)
    write_checksums(store, sharder.folder, shards)
    facts = packing(sharder, whole.cut) | {"names": [entry.name for entry in shards], "about": whole.about}
    stale = {"stale": whole.stale} if whole.stale else {}
    counts = counted(shards)
    whole_from = _all_made_from(sharder, {entry.name: entry.made_from for entry in shards}, whole)
    commit(store, sharder.folder, whole_from, **facts, **stale, **counts)
    return counts


def pack_part(part: Part, made_from: str, *, sharder: Sharder, clips: str, out: str) -> Shard:
    """Write one shard, wholly on one worker, and its record last.

    Args:
        part: what is in it.
        made_from: what `made_from` says of it.
        sharder: writes it.
        clips: root of the store that holds the clips.
        out: root of the dataset.
    """
    store = Store(out)
    part = dataclasses.replace(part, samples=tuple(part.samples))
    with timed("start"):
        write = loaded(sharder, best_device() if sharder.computes else "cpu")
    with timed("pack"):
        files = list_keys(store, sharder, part, write(Store(clips), store, part))
    entry = Shard(
        name=part.name,
        subset=part.subset,
        bins=part.bins,
        num_samples=len(part.samples),
        duration=round(sum(sample.duration for sample in part.samples), 3),
        files=files,
        made_from=made_from,
    )
    store.write_json(record_key(sharder, part.name), dataclasses.asdict(entry))
    return entry


def made_from(part: Part, sharder: Sharder, cut: str) -> str:
    """Fingerprint of a part, and of how it is written: equal ones, equal bytes."""
    return made_of(part.name, Samples.of(part.samples).facts(), sharder, cut)


def all_made_from(parts: Sequence[Part], sharder: Sharder, cut: str) -> dict[str, str]:
    """`made_from` of parts of one plan by their names; many at once, as most are small."""
    found: dict[str, str] = {}
    numbers = np.cumsum([len(part.samples) for part in parts]) // AT_ONCE
    for several in np.split(np.arange(len(parts)), 1 + np.flatnonzero(np.diff(numbers))):
        samples = [Samples.of(parts[index].samples) for index in several]
        facts = iter(samples[0].followed(samples[1:]).facts() if samples else ())
        for index in several:
            part = parts[index]
            found[part.name] = made_of(part.name, islice(facts, len(part.samples)), sharder, cut)
    return found


def made_of(name: str, facts: Iterable[str], sharder: Sharder, cut: str) -> str:
    """`made_from` of a part of this name, by the facts of its samples, in their order."""
    return digest_of(f"{canonical(sharder, cut, name)[:-1]}, [{', '.join(facts)}]]")


def stored_shards(store: Store, sharder: Sharder) -> dict[str, Shard]:
    """Shards that have been written wholly, by name, in its order."""
    found = (stored_shard(store, key) for key in store.keys(sharder.folder, SUFFIX))
    return {entry.name: entry for entry in sorted(found, key=lambda entry: entry.name)}


def stored_shard(store: Store, key: str) -> Shard:
    """What a shard's record says."""
    values = store.read_json(key)
    return Shard(**values | {"files": tuple(File(**file) for file in values["files"])})


def record_key(sharder: Sharder, name: str) -> str:
    """Key of a shard's record."""
    return f"{sharder.folder}/{name}{SUFFIX}"


def packing(sharder: Sharder, cut: str) -> dict[str, Any]:
    """What a commit record keeps of how shards are made: for an append to fit them, and a takedown to write them."""
    return {"cut": cut, "sharder": json.loads(json.dumps(described(sharder)))}  # tuples as a record gives them back


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


def _pack(job: tuple[Part, str], *, sharder: Sharder, clips: str, out: str) -> Shard:
    return pack_part(*job, sharder=sharder, clips=clips, out=out)


def _all_made_from(sharder: Sharder, shards: Mapping[str, str], whole: Whole) -> str:
    drops = whole.drops is not None and hashlib.sha256(parquet.write(whole.drops)).hexdigest()
    return fingerprint(sharder, shards, whole.stale, drops, whole.about)


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


def _remove_others(store: Store, sharder: Sharder, written: Collection[Shard]) -> None:
    """Empty the folder but for shards that stay."""
    ours = {file.key for entry in written for file in entry.files}
    ours |= {record_key(sharder, entry.name) for entry in written}
    for key in store.keys(sharder.folder):
        if key not in ours:
            store.remove(key)
