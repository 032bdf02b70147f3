"""Side-cars of tars, made by Python's own `tarfile`: what the code under test must agree with."""

from __future__ import annotations

import tarfile
from itertools import groupby, pairwise

import pyarrow as pa

from vidcurate.sharder.base import Shard
from vidcurate.store.files import Store


def write_sidecars(store: Store, folder: str, shards: list[Shard]) -> None:
    """Write `{name}.parquet` beside each tar: key, offset, size, and offset and size of each member's content."""
    for shard in shards:
        with tarfile.open(store.path(f"{folder}/{shard.name}.tar")) as tar:
            members = [(member.name.partition("."), member) for member in tar]
            end = tar.offset
        rows = []
        for key, group in groupby(members, key=lambda entry: entry[0][0]):
            entries = [(name[2], member) for name, member in group]
            row = {"key": key, "offset": entries[0][1].offset}
            for extension, member in entries:
                row |= {f"{extension}_offset": member.offset_data, f"{extension}_size": member.size}
            rows.append(row | {"caption": "beside"})
        starts = [row["offset"] for row in rows] + [end]
        sizes = [after - start for start, after in pairwise(starts)]
        table = pa.Table.from_pylist([row | {"size": size} for row, size in zip(rows, sizes, strict=True)])
        store.write_table(f"{folder}/{shard.name}.parquet", table)
