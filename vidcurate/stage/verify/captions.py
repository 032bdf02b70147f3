"""Whether captions that lie beside shards are those of their samples, in their order, and a table and a tar agree."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from typing import Any

from vidcurate.runtime.base import Runtime
from vidcurate.sharder.base import Shard, Sharder
from vidcurate.sharder.sidecar import read_sidecar
from vidcurate.stage.captions import SCHEMA, SUFFIX, Captioned, captioned, captions_folders, captions_listing
from vidcurate.stage.verify.check import DAMAGE, Check, checked, merged
from vidcurate.stage.verify.tar import Packed, read_tar
from vidcurate.store.files import Store

NAME = "shards/captions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The captions of one shard, as a worker looks at them.

    Attributes:
        place: of their files, without a suffix.
        entry: what their record says.
        keys: of the samples of the shard, in its order; None where that could not be opened.
    """

    place: str
    entry: Captioned
    keys: tuple[str, ...] | None


def check_captions(
    store: Store,
    sharder: Sharder,
    shards: Sequence[Shard],
    keys: Mapping[str, tuple[str, ...] | None],
    runtime: Runtime,
) -> Check:
    """`shards/captions`.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shards: as their records say.
        keys: of the samples of each shard by its name, in its order; None where it could not be opened.
        runtime: maps over workers.
    """
    folders, made = captions_folders(store, sharder), {shard.name: shard.made_from for shard in shards}
    if not folders:
        return Check(name=NAME, note="none lie beside the shards")
    parts, tasks, earlier = list[Check](), list[Beside](), 0
    for folder in folders:
        entries, faults = _records(store, folder)
        listed = chain(faults, _files(store, folder, entries, made, faults), _index(store, folder, entries))
        parts.append(checked(NAME, listed))
        known = [entry for entry in entries if entry.name in made]
        tasks += [Beside(place=f"{folder}/{entry.name}", entry=entry, keys=keys.get(entry.name)) for entry in known]
        earlier += sum(entry.shard != made[entry.name] for entry in known)
    parts += [
        check
        for _, check in sorted(
            runtime.map(partial(inspect, out=store.url), tasks, models=False), key=lambda pair: pair[0]
        )
    ]
    return merged(NAME, parts, f"{earlier} were written for an earlier packing of their shard" if earlier else "")


def inspect(task: Beside, *, out: str) -> tuple[str, Check]:
    """Look at the captions of one shard.

    Returns:
        Their place, and what was found.
    """
    return task.place, checked(NAME, _faults(Store(out), task))


def _records(store: Store, folder: str) -> tuple[list[Captioned], list[str]]:
    """Every record that can be read, and what is wrong with the others."""
    found, faults = [], []
    for key in store.keys(folder, SUFFIX):
        try:
            found.append(captioned(store, key))
        except (*DAMAGE, TypeError) as error:
            faults.append(f"{key} is no record of captions: {error!r}")
    return found, faults


def _files(
    store: Store, folder: str, entries: Sequence[Captioned], shards: Mapping[str, str], unreadable: Sequence[str]
) -> Iterator[str | None]:
    """Every shard has captions, and there is nothing besides."""
    there = {entry.name for entry in entries}
    if not unreadable:
        yield from (None if name in there else f"{folder} has no captions of shard {name}" for name in shards)
        ours = {f"{folder}/{name}{suffix}" for name in there for suffix in (".tar", ".parquet", SUFFIX)}
        others = (key for key in store.keys(folder) if key not in ours and key != f"{folder}/index.json")
        yield from (f"{key} is of no record of captions" for key in others)
    yield from (f"{folder} has captions of {name}, which is no shard" for name in sorted(there - shards.keys()))


def _index(store: Store, folder: str, entries: Sequence[Captioned]) -> Iterator[str | None]:
    key = f"{folder}/index.json"
    try:
        index = store.read_json(key)
        index["shards"] = sorted(index["shards"], key=lambda entry: entry["path"])
    except FileNotFoundError:
        yield f"{key} is not there"
    except (*DAMAGE, TypeError) as error:
        yield f"{key} is no index of captions: {error!r}"
    else:
        wanted = captions_listing(sorted(entries, key=lambda entry: f"{entry.name}.tar"))
        yield None if index == wanted else f"{key} does not say what the records say"


def _faults(store: Store, task: Beside) -> Iterator[str | None]:
    damaged = list(_damaged(store, task))
    if damaged:  # damage has one name
        yield from damaged
        return
    tar, table = f"{task.place}.tar", f"{task.place}.parquet"
    try:
        rows = read_sidecar(store, table, SCHEMA.names).to_pylist()
        with store.staging() as folder:
            samples = list(read_tar(store.fetch(tar, folder)))
    except (*DAMAGE, tarfile.TarError) as error:
        yield f"{task.place} cannot be read: {error}"
        return
    if len(rows) != task.entry.num_samples:
        yield f"{table} has {len(rows)} rows, its record says {task.entry.num_samples}"
    keys = task.keys if task.keys is not None else [row["key"] for row in rows]
    for number, (key, row, sample) in enumerate(zip_longest(keys, rows, samples)):
        yield _fault(task.place, number, key, row, sample)


def _damaged(store: Store, task: Beside) -> Iterator[str]:
    for suffix, digest in zip((".tar", ".parquet"), task.entry.sha256, strict=True):
        key = f"{task.place}{suffix}"
        if not store.exists(key):
            yield f"{key} is not there"
            continue
        with store.fs.open(store.path(key), "rb") as file:
            if digest and hashlib.file_digest(file, "sha256").hexdigest() != digest:
                yield f"{key} has other bytes than were written"


def _fault(
    place: str, number: int, key: str | None, row: Mapping[str, Any] | None, sample: Packed | None
) -> str | None:
    found = {"table": row and row["key"], "tar": sample and sample.key}
    for name, other in found.items():
        if other != key:
            return f"{place}: sample {number} of the shard is {key!r}, of the {name} of captions {other!r}"
    if row is None or sample is None:
        return None
    said, text = sample.member("json"), sample.member("txt")
    try:
        values = json.loads(said.content) if said else None
    except ValueError as error:
        return f"{place}: sample {key!r}: its .json cannot be read: {error}"
    wanted = {"caption": row["caption"], "windows": row["windows"]}
    if values != wanted or text is None or text.content.decode(errors="replace") != row["caption"]:
        return f"{place}: sample {key!r}: the tar says {values!r}, the table {wanted!r}"
    return None
