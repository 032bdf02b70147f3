"""What lies in shards that have been written: the keys of their samples, and the video of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from vidcurate.errors import MissingInput
from vidcurate.sharder.base import File, Part, Shard, Sharder
from vidcurate.sharder.sidecar import read_sidecar
from vidcurate.store.files import Store

SUFFIX = "_keys.json"
"""Ends the name of a list of samples: pairs of a key and the id of its video."""
KEYS = ("key", "clip_id")
"""What the column of keys may be called in a table."""
VIDEO_IDS = ("video_id", "video_uuid")
"""What the id of a sample's video may be called in its metadata."""


def keys_of(store: Store, sharder: Sharder, shard: Shard) -> dict[str, str]:
    """The samples of a shard, in its order.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shard: which one.

    Returns:
        Id of the video of every key; empty where the metadata do not tell it.

    Raises:
        MissingInput: the shard does not tell its keys, or not as many as it has samples.
    """
    table, listed = (f"{sharder.folder}/{shard.name}{suffix}" for suffix in (".parquet", SUFFIX))
    found = _of_table(store, table) if store.exists(table) else {}
    if not found and store.exists(listed):
        found = dict(store.read_json(listed))
    if len(found) != shard.num_samples:
        raise MissingInput(
            f"{sharder.folder}/{shard.name}: {len(found)} keys can be read of {shard.num_samples} samples; its files "
            "were changed. Pack anew with sharder.append=false"
        )
    return found


def all_keys(store: Store, sharder: Sharder, shards: Sequence[Shard]) -> pa.Array:
    """Keys of the samples of shards, read from each; arguments and errors are those of `keys_of`."""
    return pa.array([key for entry in shards for key in keys_of(store, sharder, entry)], pa.string())


def list_keys(store: Store, sharder: Sharder, part: Part, files: tuple[File, ...]) -> tuple[File, ...]:
    """A list of the samples of a part, as one of the files of its shard, unless a table among them tells as much."""
    if f"{sharder.folder}/{part.name}.parquet" in [file.key for file in files]:
        return files
    key, pairs = f"{sharder.folder}/{part.name}{SUFFIX}", [(sample.key, sample.source) for sample in part.samples]
    content = json.dumps(pairs, ensure_ascii=False).encode()
    store.write(key, content)
    return (*files, File(key=key, num_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))


def _of_table(store: Store, key: str) -> dict[str, str]:
    rows = read_sidecar(store, key, [*KEYS, *VIDEO_IDS]).to_pylist()
    return {row[name]: _video(row) for row in rows for name in [name for name in KEYS if name in row][:1]}


def _video(metadata: dict[str, Any]) -> str:
    return next((str(metadata[name]) for name in VIDEO_IDS if name in metadata), "")
