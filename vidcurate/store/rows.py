"""A parquet file that is written as its rows come, in bounded memory; equal rows give equal bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.table import table

GROUP = 2**14
"""Rows of a row group: they are Python's until then, of a kilobyte or two each."""


class RowWriter:
    """A table in the making; a context that closes the file.

    Args:
        path: of a local file.
        schema: of the table.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self._schema = path, schema
        self._rows: list[Mapping[str, Any]] = []
        self._file = pq.ParquetWriter(path, schema, compression="zstd")

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None and self._rows:
                self._write(self._rows)
        finally:
            self._file.close()

    def extend(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows; missing columns become null.

        Raises:
            KeyError: a column that the schema lacks.
        """
        self._rows += rows
        while len(self._rows) >= GROUP:
            self._write(self._rows[:GROUP])
            del self._rows[:GROUP]

    def _write(self, rows: list[Mapping[str, Any]]) -> None:
        self._file.write_table(table(self._schema, rows))
