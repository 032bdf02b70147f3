"""Tables as parquet: read and written by cudf where it and a CUDA device are there, by pyarrow elsewhere; same tables.

cudf knows neither float16 nor dictionaries, binary or fixed-size lists: tables that hold such are left to pyarrow, and
so are those too large to lie in host memory twice.

Files may be anybody's: what is damaged is `Damaged`, and what could not lie in the memory of this machine is refused
before it is read, as a few kilobytes of parquet can declare billions of rows.
"""

from __future__ import annotations

import importlib.util
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.errors import Damaged

BUFFER = 2**22
"""Bytes of a column that are read at once; without it a whole column of a row group would be."""
GPU_BYTES = 2**29
"""Largest table or row group, uncompressed, that goes by way of the GPU."""


WIDTHS = {"BOOLEAN": 1 / 8, "INT32": 4, "INT64": 8, "INT96": 8, "FLOAT": 4, "DOUBLE": 8}
"""Bytes that a value of a physical type takes in memory at least; of others, the offset of four."""


def schema_of(fs: fsspec.AbstractFileSystem, path: str) -> pa.Schema:
    """Names and types of a file's columns.

    Raises:
        Damaged: it is no parquet file.
    """
    with undamaged(path), fs.open(path, "rb") as file:
        return pq.ParquetFile(file).schema_arrow.remove_metadata()


def read(fs: fsspec.AbstractFileSystem, path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A file as a table.

    Args:
        fs: where the file is.
        path: of the file.
        columns: names of those wanted, in this order; None takes all.

    Raises:
        Damaged: it is no parquet file, or too much for this machine.
    """
    with undamaged(path), fs.open(path, "rb") as file:
        parquet = pq.ParquetFile(file)
        _demand_room(parquet, path, columns)
        schema = _chosen(parquet, columns)
        groups = [parquet.metadata.row_group(group) for group in range(parquet.num_row_groups)]
        if not _fits(schema, sum(group.total_byte_size for group in groups)):
            return parquet.read(schema.names).select(schema.names).replace_schema_metadata()
    with undamaged(path):
        return _read_cudf(fs, path, schema, range(len(groups)))


def read_blocks(fs: fsspec.AbstractFileSystem, path: str, column: str, size: int) -> Iterator[pa.Array]:
    """One column in blocks, in the order of its rows.

    Args:
        fs: where the file is.
        path: of the file.
        column: its name.
        size: numbers in a block, about; a block read by cudf is a row group.

    Raises:
        Damaged: it is no parquet file.
    """
    with undamaged(path), fs.open(path, "rb") as file:
        parquet = pq.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False)
        schema = _chosen(parquet, [column])
        for group in range(parquet.num_row_groups):
            facts = parquet.metadata.row_group(group)
            if _fits(schema, facts.total_byte_size):
                yield from _read_cudf(fs, path, schema, [group])[column].chunks
                continue
            rows = max(1, size * facts.num_rows // max(1, _numbers(facts, column)))
            for batch in parquet.iter_batches(rows, row_groups=[group], columns=[column], use_threads=False):
                yield batch.column(0)


def write(table: pa.Table) -> bytes:
    """A table as the bytes of a file, the same for equal tables."""
    if _fits(table.schema, table.nbytes):
        return _write_cudf(table)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


@contextmanager
def undamaged(path: str) -> Iterator[None]:
    """Call a file damaged whatever a parquet reader says of it; trouble with disk and network is passed on."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of names of columns
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Damaged(f"{path}: cannot be read as parquet: {error}") from error


@cache
def has_cudf() -> bool:
    """Whether cudf and a CUDA device are there."""
    if importlib.util.find_spec("cudf") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _fits(schema: pa.Schema, size: int) -> bool:
    return 0 < size <= GPU_BYTES and has_cudf() and all(_is_known(field.type) for field in schema)


def _is_known(kind: pa.DataType) -> bool:
    """Whether a type survives the way through cudf."""
    if pa.types.is_list(kind):
        return _is_known(kind.value_type)
    plain = pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind)
    return plain or kind in (pa.float32(), pa.float64())


def _demand_room(parquet: pq.ParquetFile, path: str, columns: Sequence[str] | None) -> None:
    """Refuse a table that declares more than could lie in memory."""
    wanted = None if columns is None else {f"{name}." for name in columns}
    need = 0.0
    for group in range(parquet.num_row_groups):
        facts = parquet.metadata.row_group(group)
        for chunk in (facts.column(index) for index in range(facts.num_columns)):
            if wanted is None or f"{chunk.path_in_schema.partition('.')[0]}." in wanted:
                need += chunk.num_values * WIDTHS.get(chunk.physical_type, 4)
    have = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else float("inf")
    if need > have:
        raise Damaged(
            f"{path}: declares {need:.0f} bytes of numbers and texts; this machine has {have} bytes of memory"
        )


def _chosen(parquet: pq.ParquetFile, columns: Sequence[str] | None) -> pa.Schema:
    schema = parquet.schema_arrow.remove_metadata()
    return schema if columns is None else pa.schema([schema.field(name) for name in columns])


def _numbers(facts: pq.RowGroupMetaData, column: str) -> int:
    chunks = (facts.column(index) for index in range(facts.num_columns))
    return sum(chunk.num_values for chunk in chunks if f"{chunk.path_in_schema}.".startswith(f"{column}."))


def _read_cudf(fs: fsspec.AbstractFileSystem, path: str, schema: pa.Schema, groups: Sequence[int]) -> pa.Table:
    import cudf

    frame = cudf.read_parquet(
        path,
        filesystem=getattr(fs, "plain", fs),
        columns=schema.names,
        row_groups=[list(groups)],
        use_pandas_metadata=False,
    )
    return frame.to_arrow(preserve_index=False).select(schema.names).cast(schema)


def _write_cudf(table: pa.Table) -> bytes:
    import cudf

    sink = io.BytesIO()
    # Dictionaries are built by racing threads: without them equal tables give equal bytes.
    cudf.DataFrame.from_arrow(table).to_parquet(
        sink, compression="ZSTD", index=False, use_dictionary=False, force_nullable_schema=True
    )
    return sink.getvalue()
