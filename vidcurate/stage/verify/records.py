"""What the records of shards say, and whether the index and the files of the folder agree with them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from itertools import chain
from typing import Any

from vidcurate.sharder.base import Shard, Sharder
from vidcurate.stage.shard import SUFFIX, counted, listing, stored_shard
from vidcurate.stage.verify.check import Check, checked
from vidcurate.store.commit import RECORD, committed
from vidcurate.store.files import Store

BESIDE = (
    "index.json", "*/index.json", "README.md", "SHA256SUMS", "croissant.json", "drops.parquet", "wids.json",
    ".nv-meta/*", "*.tar.idx", "*wdinfo.json", "wdinfo_list.csv",
)  # fmt: skip
"""What lies beside shards and lists or describes them, below the sharder's folder."""


def read_records(store: Store, sharder: Sharder) -> tuple[tuple[Shard, ...], dict[str, str]]:
    """Every record that can be read, sorted by name, and what is wrong with the others, by their keys."""
    found, faults = [], {}
    for key in store.keys(sharder.folder, SUFFIX):
        try:
            found.append(stored_shard(store, key))
        except (ValueError, TypeError, KeyError) as error:
            faults[key] = f"{key} is no record of a shard: {error!r}"
    return tuple(sorted(found, key=lambda shard: shard.name)), faults


def check_index(store: Store, sharder: Sharder, shards: Sequence[Shard], unreadable: Mapping[str, str]) -> Check:
    """`shards/index`: the records can be read, index.json lists just them, and the folder is complete."""
    return checked(
        "shards/index", chain(unreadable.values(), _index(store, sharder, shards), _commit(store, sharder, shards))
    )


def check_listed(store: Store, sharder: Sharder, shards: Sequence[Shard], unreadable: Mapping[str, str]) -> Check:
    """A part of `shards/files`: every file of the folder is of a record, is a record, or describes them."""
    known = {file.key for shard in shards for file in shard.files}
    names = tuple(f"{key.removesuffix(SUFFIX)}." for key in unreadable)
    there = (key for key in store.sizes(sharder.folder) if not key.startswith(names))
    unknown = (key for key in there if key not in known and not _is_beside(sharder, key))
    return checked("shards/files", (f"{key} is of no shard: no record lists it" for key in unknown))


def _is_beside(sharder: Sharder, key: str) -> bool:
    name = key.removeprefix(f"{sharder.folder}/")
    return key.endswith(SUFFIX) or any(fnmatch(name, pattern) for pattern in BESIDE)


def _index(store: Store, sharder: Sharder, shards: Sequence[Shard]) -> Iterator[str | None]:
    key = f"{sharder.folder}/index.json"
    try:
        index = store.read_json(key)
        entries = {entry["path"]: entry for entry in index["shards"]}
    except FileNotFoundError:
        yield f"{key} is not there"
        return
    except (ValueError, TypeError, KeyError) as error:
        yield f"{key} is no index of shards: {error!r}"
        return
    wanted = json.loads(json.dumps(listing(sharder, shards)))  # as it reads once it has been written
    yield from (f"{key} lists {path}, of which there is no record" for path in _paths(entries) - _paths_of(wanted))
    for entry in wanted["shards"]:
        yield _difference(key, entry, entries.get(entry["path"]))
    totals = {name: value for name, value in wanted.items() if name != "shards"}
    given = {name: index.get(name) for name in totals}
    yield None if given == totals else f"{key} sums up to {given}, the records to {totals}"


def _paths(entries: Mapping[str, Any]) -> set[str]:
    return set(entries)


def _paths_of(index: Mapping[str, Any]) -> set[str]:
    return {entry["path"] for entry in index["shards"]}


def _difference(key: str, wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> str | None:
    if found is None:
        return f"{key} does not list {wanted['path']}"
    names = [name for name in wanted if found.get(name) != wanted[name]]
    facts = ", ".join(f"{name} {found.get(name)!r}, its record {wanted[name]!r}" for name in names)
    return f"{key} says of {wanted['path']}: {facts}" if names else None


def _commit(store: Store, sharder: Sharder, shards: Sequence[Shard]) -> Iterator[str | None]:
    wanted = counted(shards)
    try:
        record = committed(store, sharder.folder)
    except ValueError as error:
        yield f"{sharder.folder}/{RECORD} is no commit record: {error}"
        return
    if not record:
        yield f"{sharder.folder}/{RECORD} is not there: packing has not ended"
        return
    found = {name: record.get(name) for name in wanted}
    yield None if found == wanted else f"{sharder.folder}/{RECORD} says {found}, the records {wanted}"
