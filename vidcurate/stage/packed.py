"""What lies in shards that have been written: the keys of their samples, and the video of each."""

from __future__ import annotations

import json
import tarfile
from pathlib import PurePosixPath
from typing import Any

from vidcurate.errors import MissingInput
from vidcurate.sharder.base import Shard, Sharder
from vidcurate.sharder.sidecar import read_sidecar
from vidcurate.store.files import Store

KEYS = ("key", "clip_id")
"""What the column of keys may be called in a table."""
VIDEO_IDS = ("video_id", "video_uuid")
"""What the id of a sample's video may be called in its metadata."""


def keys_of(store: Store, sharder: Sharder, shard: Shard) -> dict[str, str]:
    """The samples of a shard, in its order.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shard: which one; its table `{name}.parquet` is read, or its tars where it has none.

    Returns:
        Id of the video of every key; empty where the metadata do not tell it.

    Raises:
        MissingInput: the shard does not tell its keys, or not as many as it has samples.
    """
    side_car = f"{sharder.folder}/{shard.name}.parquet"
    tars = [file.key for file in shard.files if file.key.endswith(".tar")]
    if store.exists(side_car):
        found = _listed(store, side_car)
    else:
        found = {}
        for key in tars:
            for name, video in _walked(store, key).items():
                found[name] = found.get(name) or video
    if len(found) != shard.num_samples:
        raise MissingInput(
            f"{sharder.folder}/{shard.name}: {len(found)} keys can be read of {shard.num_samples} samples; the files "
            f"of sharder={sharder.name} were changed, or do not tell them. Pack anew with sharder.append=false"
        )
    return found


def _listed(store: Store, key: str) -> dict[str, str]:
    rows = read_sidecar(store, key, [*KEYS, *VIDEO_IDS]).to_pylist()
    return {row[name]: _video(row) for row in rows for name in [name for name in KEYS if name in row][:1]}


def _walked(store: Store, key: str) -> dict[str, str]:
    found: dict[str, str] = {}
    with store.fs.open(store.path(key), "rb") as file, tarfile.open(fileobj=file) as tar:
        for member in tar:
            name, _, suffix = PurePosixPath(member.name).name.partition(".")
            found.setdefault(name, "")
            if suffix == "json" and (content := tar.extractfile(member)) is not None:
                found[name] = _video(json.load(content))
    return found


def _video(metadata: dict[str, Any]) -> str:
    return next((str(metadata[name]) for name in VIDEO_IDS if name in metadata), "")
