"""`.nv-meta/`: what Megatron-Energon needs to open tars, without its `energon prepare`, which reads all of them again.

`dataset.yaml` opens every sample as a `VidQASample`, the one type of Energon that has a video: `video` is an
`AVDecoder` of the .mp4, `context` the caption. So no code is needed. `crude.yaml` (`dataset_config="crude.yaml"`) gives
all members of a sample to a cooker of your own, the .json among them.

Source: what `megatron.energon.flavors.webdataset` 7.4.1 writes: `index.sqlite` has the tables and indices of its
`SqliteIndexWriter`, `{shard}.tar.idx` the offsets of its `TarIndexWriter`. Here equal shards give equal bytes, and
`index.uuid` is drawn from their checksums.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa

from vidcurate.records import NAMESPACE
from vidcurate.sharder.base import Shard, Subset
from vidcurate.store import parquet
from vidcurate.store.files import Store

FOLDER = ".nv-meta"

DATASET = """\
sample_type:
  __module__: megatron.energon
  __class__: VidQASample
field_map:
  video: mp4
  context: txt
"""
CRUDE = """\
__module__: megatron.energon
__class__: CrudeWebdataset
"""
TABLES = """
PRAGMA page_size = 4096;
PRAGMA auto_vacuum = NONE;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA secure_delete = ON;
CREATE TABLE samples (
    tar_file_id INTEGER NOT NULL,
    sample_key TEXT NOT NULL UNIQUE,
    sample_index INTEGER NOT NULL,
    byte_offset INTEGER,
    byte_size INTEGER
);
CREATE TABLE sample_parts (
    tar_file_id INTEGER,
    sample_index INTEGER,
    part_name TEXT,
    content_byte_offset INTEGER,
    content_byte_size INTEGER
);
"""
INDICES = """
CREATE INDEX idx_samples_by_tar_and_idx ON samples(tar_file_id, sample_index);
CREATE INDEX idx_sample_parts_seq ON sample_parts(tar_file_id, sample_index, content_byte_offset);
CREATE INDEX idx_sample_parts_full
    ON sample_parts(tar_file_id, sample_index, part_name, content_byte_offset, content_byte_size);
"""
VERSION = slice(96, 100)
"""Where a database names the release of SQLite that wrote it, which no reader depends on."""
MEMBERS = ("json", "txt", "npy", "mp4")
"""Members of a sample, in their order in a tar; not all need be there."""


def write_energon(store: Store, folder: str, shards: Sequence[Shard]) -> None:
    """Write `.nv-meta/` and the index of each tar; without shards, remove what is there.

    Args:
        store: the dataset.
        folder: of its shards; each has a side-car `{name}.parquet` that says where its samples lie.
        shards: all of them, sorted by name.
    """
    store.remove(f"{folder}/{FOLDER}")
    if not shards:
        return
    paths = [f"{shard.name}.tar" for shard in shards]
    splits = {
        subset: [path for path, shard in zip(paths, shards, strict=True) if shard.subset == subset]
        for subset in get_args(Subset)
    }
    contents = {
        "dataset.yaml": DATASET,
        "crude.yaml": CRUDE,
        "split.yaml": _json({"split_parts": splits, "exclude": []}),  # JSON is YAML
        ".info.json": _json({"shard_counts": dict(zip(paths, (shard.num_samples for shard in shards), strict=True))}),
        "index.uuid": str(
            uuid.uuid5(NAMESPACE, _json([(shard.name, shard.files[0].sha256 or shard.made_from) for shard in shards]))
        ),
    }
    with store.staging() as staging:
        staged = staging / "index.sqlite"
        _write_database(staged, (_placed(store, folder, shard) for shard in shards))
        store.put(staged, f"{folder}/{FOLDER}/index.sqlite")
    for name, text in contents.items():
        store.write(f"{folder}/{FOLDER}/{name}", text.encode())


def _placed(store: Store, folder: str, shard: Shard) -> pa.Table:
    """Where the samples of a shard and their members lie; `.tar.idx`, the offset of each and of the end, is written."""
    key = f"{folder}/{shard.name}.parquet"
    there = set(parquet.schema_of(store.fs, store.path(key)).names)
    members = [f"{name}_{word}" for name in MEMBERS for word in ("offset", "size") if f"{name}_offset" in there]
    placed = store.read_table(key, ["key", "offset", "size", *members])
    starts, sizes = (placed[name].to_numpy() for name in ("offset", "size"))
    bounds = np.append(starts, starts[-1] + sizes[-1])
    store.write(f"{folder}/{shard.name}.tar.idx", bounds.astype("<u8").tobytes())
    return placed


def _write_database(path: Path, shards: Iterable[pa.Table]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(TABLES)
        database.execute("BEGIN")
        for number, placed in enumerate(shards):
            _insert(database, number, placed)
        database.execute("COMMIT")
        database.executescript(f"{INDICES} VACUUM;")
    with path.open("r+b") as file:
        file.seek(VERSION.start)
        file.write(bytes(VERSION.stop - VERSION.start))


def _insert(database: sqlite3.Connection, number: int, placed: pa.Table) -> None:
    """Add the samples of one shard, and their members in the order in which they lie."""
    column = {name: placed[name].to_pylist() for name in placed.column_names}
    indices = range(placed.num_rows)
    samples = zip(repeat(number), column["key"], indices, column["offset"], column["size"])
    database.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?)", samples)
    names = [name for name in MEMBERS if f"{name}_offset" in column]
    members = (
        (number, index, name, column[f"{name}_offset"][index], column[f"{name}_size"][index])
        for index in indices
        for name in names
    )
    database.executemany("INSERT INTO sample_parts VALUES (?, ?, ?, ?, ?)", members)


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
