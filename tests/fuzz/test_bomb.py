"""A parquet file of kilobytes that declares more than this machine could hold is refused before it is read."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import Damaged, ShapeError
from vidcurate.stage.vectors import load_vectors
from vidcurate.store import parquet


def test_a_table_that_could_not_lie_in_memory_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"id": np.zeros(2**21, np.int64)}), path, compression="zstd")
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": 2**24 - 1, "SC_PAGE_SIZE": 1}[name])
    assert path.stat().st_size < 10_000

    with pytest.raises(Damaged, match=r"declares 16777216 bytes of numbers and texts; this machine has 16777215 "):
        parquet.read(LocalFileSystem(), str(path))
    monkeypatch.undo()
    assert parquet.read(LocalFileSystem(), str(path)).num_rows == 2**21


def test_only_the_columns_that_are_read_count(tmp_path):
    pq.write_table(pa.table({"id": ["a"], "embedding": [[1.0, 0.0]]}), tmp_path / "x.parquet")
    fs = LocalFileSystem()

    assert parquet.read(fs, str(tmp_path / "x.parquet"), ["id"]).to_pydict() == {"id": ["a"]}


def test_a_file_that_is_cut_off_is_damaged(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": ["a"], "embedding": [[1.0, 0.0]]}), path)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(Damaged, match=r"x\.parquet: cannot be read as parquet"):
        parquet.read(LocalFileSystem(), str(path))
    with pytest.raises(ShapeError, match="cannot be read as parquet"):
        load_vectors(str(path))
    with pytest.raises(FileNotFoundError):
        parquet.read(LocalFileSystem(), str(tmp_path / "gone.parquet"))


def test_a_name_of_a_column_that_is_no_text_is_damage(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": ["a"], "embedding": [[1.0, 0.0]]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"embedding", b"embed\xdfing"))

    with pytest.raises(Damaged, match=r"x\.parquet: cannot be read as parquet"):
        parquet.read(LocalFileSystem(), str(path))
    with pytest.raises(ShapeError, match="cannot be read as parquet"):
        load_vectors(str(path))
