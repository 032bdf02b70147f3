"""Damages a dataset the way accidents and defects would, with checksums made anew where those would hide the damage."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.sharder.base import File, Shard
from vidcurate.sharder.checksums import write_checksums
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.shard import counted, listing, stored_shards
from vidcurate.store.commit import commit, committed
from vidcurate.store.files import Store

SHARDER = WebDataset(bins=())
FOLDER = SHARDER.folder
Members = list[tuple[str, bytes]]


def shards(root: Path) -> list[Shard]:
    return list(stored_shards(Store(str(root)), SHARDER).values())


def tars(root: Path) -> list[Path]:
    return [root / shard.files[0].key for shard in shards(root)]


def members(tar: Path) -> Members:
    with tarfile.open(tar) as opened:
        return [(entry.name, opened.extractfile(entry).read()) for entry in opened]


def rewrite(root: Path, number: int, change: Callable[[Members], Members]) -> None:
    """Give a tar other members, and all that speaks of it the checksums of now."""
    tar = tars(root)[number]
    changed = change(members(tar))
    with tarfile.open(tar, "w") as opened:
        for name, content in changed:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))
    write_sidecar(tar)
    write_index(tar)
    reseal(root, samples=sum(name.endswith(".json") for name, _ in changed), number=number)


def change_json(**values: object) -> Callable[[Members], Members]:
    """Changes the .json of the first sample."""

    def change(found: Members) -> Members:
        (name, content), *others = found
        return [(name, json.dumps(json.loads(content) | values).encode()), *others]

    return change


def write_sidecar(tar: Path) -> None:
    """The parquet that lies beside a tar, from what `tarfile` says of it."""
    samples: dict[str, dict[str, object]] = {}
    with tarfile.open(tar) as opened:
        for entry in opened:
            key, _, suffix = entry.name.partition(".")
            row = samples.setdefault(key, {"key": key, "offset": entry.offset, "size": 0})
            row |= {f"{suffix}_offset": entry.offset_data, f"{suffix}_size": entry.size}
            row["size"] = entry.offset_data + -(-entry.size // 512) * 512 - row["offset"]
    pq.write_table(pa.Table.from_pylist(list(samples.values())), tar.with_suffix(".parquet"))


def write_index(tar: Path) -> None:
    """DALI's index of a tar, from what `tarfile` says of it."""
    samples: dict[str, list[str]] = {}
    with tarfile.open(tar) as opened:
        for entry in opened:
            key, _, suffix = entry.name.partition(".")
            samples.setdefault(key, []).append(f"{suffix} {entry.offset_data} {entry.size} {entry.name}")
    lines = [f"v1.2 {len(samples)}", *map(" ".join, samples.values()), ""]
    tar.with_suffix(".idx").write_text("\n".join(lines))


def reseal(root: Path, *, number: int | None = None, samples: int = 0, subset: str | None = None) -> None:
    """Write records, index and commit record anew, from the files as they are.

    Args:
        root: of the dataset.
        number: of the shard that gets `samples` and `subset`.
        samples: how many it holds; 0 leaves what the record says.
        subset: which it is of; None likewise.
    """
    store, found = Store(str(root)), shards(root)
    sealed = []
    for place, shard in enumerate(found):
        keys = dict.fromkeys([*(file.key for file in shard.files), f"{FOLDER}/{shard.name}.parquet"])
        entry = replace(shard, files=tuple(_file(root, key) for key in keys))
        if place == number:
            entry = replace(entry, num_samples=samples or shard.num_samples, subset=subset or shard.subset)
        sealed.append(entry)
        store.write_json(f"{FOLDER}/{shard.name}_shard.json", asdict(entry))
    store.write_json(f"{FOLDER}/index.json", listing(SHARDER, sealed))
    record = committed(store, FOLDER) | counted(sealed)
    commit(store, FOLDER, record.pop("fingerprint"), **record)
    write_checksums(store, FOLDER, sealed)


def rewrite_table(root: Path, key: str, change: Callable[[list[dict]], list[dict]]) -> None:
    """Give a parquet file other rows."""
    table = pq.read_table(root / key)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), root / key)


def _file(root: Path, key: str) -> File:
    content = (root / key).read_bytes()
    return File(key=key, num_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
