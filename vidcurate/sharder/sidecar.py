"""The side-car of a tar: a table that says where in it every sample lies, and all that its .json says, by columns.

A column has the same type in every shard, so that a folder of side-cars reads as one table, whatever is null in some.
pyarrow writes and reads them on every machine: with cudf the bytes would be others, and workers of a loader, which are
forks, must not touch a GPU.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.errors import ShapeError
from vidcurate.sharder.base import Sample
from vidcurate.sharder.columns import columns_of
from vidcurate.sharder.tar import Entry
from vidcurate.store.files import Store


def sidecar_table(samples: Sequence[Sample], entries: Sequence[Entry]) -> pa.Table:
    """A row per sample.

    Args:
        samples: in the order of the tar; one at least.
        entries: where they lie in it.

    Returns:
        `key`; `offset` of the sample's first header and `size` up to the next sample; `{extension}_offset` and
        `{extension}_size` of the content of each of its files, all in bytes; then a column for each of its metadata,
        but `bin_{name}` and `score_{name}` for each bin and score.

    Raises:
        ShapeError: metadata would take the name of another column.
    """
    places = [_place(entry) for entry in entries]
    columns = {name: pa.array([place[name] for place in places]) for name in places[0]}
    for field in columns_of(samples):
        added = _columns(field, [sample.metadata[field.name] for sample in samples])
        taken = sorted(columns.keys() & added.keys())
        if taken:
            raise ShapeError(
                f"metadata {field.name!r} would be column {taken[0]!r} of the side-car, which is taken; rename it"
            )
        columns |= added
    return pa.table(columns)


def sidecar_bytes(table: pa.Table) -> bytes:
    """A side-car as the bytes of a parquet file; equal tables give equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def read_sidecar(store: Store, key: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The side-car of a shard, or these columns of it.

    Args:
        store: the dataset.
        key: of the side-car.
        columns: names of those wanted, in this order; None takes all.
    """
    with store.fs.open(store.path(key), "rb") as file:
        return pq.ParquetFile(file).read(columns)


def read_member(store: Store, key: str, offset: int, size: int) -> bytes:
    """The bytes of a file in a tar, without any that come before it.

    Args:
        store: the dataset.
        key: of the tar.
        offset: where the side-car says that its content begins.
        size: how long it is.

    Raises:
        ShapeError: the tar ends before.
    """
    content = _read(store, key, offset, size)
    if len(content) != size:
        raise ShapeError(f"{store.path(key)} has {len(content)} bytes from {offset} on, not {size}: it is cut off")
    return content


def _read(store: Store, key: str, offset: int, size: int) -> bytes:
    if not store.is_local:
        return bytes(store.fs.cat_file(store.path(key), start=offset, end=offset + size)) if size else b""
    with io.FileIO(store.path(key)) as tar:  # a buffer would take as long as the reading
        tar.seek(offset)
        content = tar.read(size)
        while len(content) < size and (more := tar.read(size - len(content))):  # Linux reads 2 GiB at once
            content += more
    return content


def _place(entry: Entry) -> dict[str, Any]:
    place = {"key": entry.key, "offset": entry.offset, "size": entry.size}
    for member in entry.members:
        place |= {f"{member.extension}_offset": member.offset, f"{member.extension}_size": member.size}
    return place


def _columns(field: pa.Field, values: Sequence[Any]) -> dict[str, pa.Array]:
    """A column, or one for each value of mappings: `bin_resolution` of `bins`."""
    if not pa.types.is_struct(field.type):
        return {field.name: pa.array(values, field.type)}
    prefix, mappings = field.name.removesuffix("s"), [value or {} for value in values]
    return {
        f"{prefix}_{inner.name}": pa.array([value.get(inner.name) for value in mappings], inner.type)
        for inner in field.type
    }
