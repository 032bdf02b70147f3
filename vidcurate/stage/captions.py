"""Captions beside shards: for each tar a table and a tar with the same samples in the same order, and no media."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vidcurate.sharder.base import Shard, Sharder
from vidcurate.sharder.columns import WINDOW
from vidcurate.sharder.sidecar import read_sidecar, sidecar_bytes
from vidcurate.sharder.tar import Tar
from vidcurate.store.files import Store

SCHEMA = pa.schema([("key", pa.string()), ("caption", pa.string()), ("windows", pa.list_(WINDOW))])
SUFFIX = "_captions.json"
"""Ends the name of the record of a shard's captions, which is written when both files are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captioned:
    """The captions of a shard.

    Attributes:
        name: of the shard.
        num_samples: in it.
        failed: windows that should have a caption and have none.
        made_by: fingerprint of captioner and enhancer.
        shard: what the shard was made from.
        sha256: of the tar and of the table, hexadecimal.
    """

    name: str
    num_samples: int
    failed: int
    made_by: str
    shard: str
    sha256: tuple[str, str]


def captions_folder(sharder: Sharder, name: str = "") -> str:
    """Where captions of this name lie, beside the folder of the shards; without a name, all of them."""
    return f"{sharder.folder.rpartition('/')[0]}/captions/{name}".rstrip("/")


def captions_folders(store: Store, sharder: Sharder) -> list[str]:
    """Where captions lie, a folder for each name, sorted."""
    place = captions_folder(sharder)
    return sorted({f"{place}/{key.removeprefix(f'{place}/').partition('/')[0]}" for key in store.keys(place)})


def write_captions(
    store: Store, folder: str, shard: Shard, rows: Sequence[dict[str, Any]], *, failed: int, made_by: str
) -> Captioned:
    """Write the captions of a shard, their record last.

    Args:
        store: the dataset.
        folder: where captions of this name lie.
        shard: whose captions.
        rows: `key`, `caption` and `windows` of each sample, in the order of the shard.
        failed: windows without a caption.
        made_by: fingerprint of captioner and enhancer.
    """
    place = f"{folder}/{shard.name}"
    table = sidecar_bytes(pa.Table.from_pylist(list(rows), schema=SCHEMA))
    with store.staging() as staging:
        staged = staging / "captions.tar"
        with staged.open("wb") as file:
            tar = Tar(file, checksum=True)
            for row in rows:
                said = {"caption": row["caption"], "windows": row["windows"]}
                tar.add(row["key"], "json", json.dumps(said, sort_keys=True, ensure_ascii=False).encode())
                tar.add(row["key"], "txt", row["caption"].encode())
            tar.close()
        store.put(staged, f"{place}.tar")
    store.write(f"{place}.parquet", table)
    entry = Captioned(
        name=shard.name,
        num_samples=len(rows),
        failed=failed,
        made_by=made_by,
        shard=shard.made_from,
        sha256=(tar.sha256, hashlib.sha256(table).hexdigest()),
    )
    store.write_json(f"{place}{SUFFIX}", dataclasses.asdict(entry))
    return entry


def stored_captions(store: Store, folder: str) -> dict[str, Captioned]:
    """Captions that are there, by the name of their shard."""
    return {entry.name: entry for entry in (captioned(store, key) for key in store.keys(folder, SUFFIX))}


def captioned(store: Store, key: str) -> Captioned:
    """What a record says."""
    values = store.read_json(key)
    return Captioned(**values | {"sha256": tuple(values["sha256"])})


def remove_captions(store: Store, folder: str, name: str) -> None:
    """Remove the captions of a shard."""
    for suffix in (".tar", ".parquet", SUFFIX):
        store.remove(f"{folder}/{name}{suffix}")


def list_captions(store: Store, folder: str, entries: Sequence[Captioned]) -> dict[str, int]:
    """Write `index.json` over captions of all shards.

    Returns:
        Number of `shards`, of `samples` in them, and of windows that have `failed`.
    """
    index = captions_listing(entries)
    store.write_json(f"{folder}/index.json", index)
    return {"shards": index["num_shards"], "samples": index["num_samples"], "failed": index["failed"]}


def captions_listing(entries: Sequence[Captioned]) -> dict[str, Any]:
    """What `index.json` says of captions."""
    shards = [
        {"path": f"{entry.name}.tar", "table": f"{entry.name}.parquet", "num_samples": entry.num_samples}
        | {"sha256": entry.sha256[0], "table_sha256": entry.sha256[1], "failed": entry.failed}
        for entry in entries
    ]
    return {
        "num_shards": len(entries),
        "num_samples": sum(entry.num_samples for entry in entries),
        "failed": sum(entry.failed for entry in entries),
        "shards": shards,
    }


def prune_captions(
    store: Store, sharder: Sharder, shards: Sequence[Shard], names: Collection[str], gone: frozenset[str]
) -> None:
    """Take clips out of all captions of shards that were written anew without them.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shards: all that there are now.
        names: of those that held the clips.
        gone: ids of the clips.
    """
    now = {shard.name: shard for shard in shards}
    for folder in captions_folders(store, sharder):
        found = stored_captions(store, folder)
        for name in sorted(found.keys() & set(names)):
            table, entry = f"{folder}/{name}.parquet", found[name]
            rows = read_sidecar(store, table).to_pylist() if store.exists(table) else []
            left = [row for row in rows if row["key"] not in gone]
            if left and name in now:
                write_captions(store, folder, now[name], left, failed=entry.failed, made_by=entry.made_by)
            else:
                remove_captions(store, folder, name)
        list_captions(store, folder, list(stored_captions(store, folder).values()))
