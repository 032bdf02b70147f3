from __future__ import annotations

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vidcurate.store import parquet
from vidcurate.table import CLIPS, DECISIONS, table, vectors_table

LOCAL = fsspec.filesystem("file")
TABLES = {
    "vectors": vectors_table(["a", "b"], np.array([[1, 2], [3, np.inf]], np.float32)),
    "decisions": table(DECISIONS, [{"id": "a", "kept": True, "similarity": 0.5}, {"id": "b", "kept": None}]),
    "no rows": CLIPS.empty_table(),
    "half": pa.table({"e": pa.array([[np.float16(1)], None], pa.list_(pa.float16()))}),
    "fixed": pa.table({"e": pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2))}),
    "dictionary": pa.table({"id": pa.array(["x", "y", "x"]).dictionary_encode()}),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_comes_back_as_it_was(tmp_path, name):
    path = str(tmp_path / "x.parquet")

    LOCAL.pipe_file(path, parquet.write(TABLES[name]))

    assert parquet.read(LOCAL, path).equals(TABLES[name])
    assert parquet.schema_of(LOCAL, path).equals(TABLES[name].schema)


def test_equal_tables_give_equal_bytes():
    first, second = (vectors_table(["a", "b"], np.ones((2, 3), np.float32)) for _ in range(2))

    assert parquet.write(first) == parquet.write(second)


def test_columns_come_in_the_order_asked_for(tmp_path):
    path = str(tmp_path / "x.parquet")
    pq.write_table(pa.table({"a": [1], "b": [2], "c": [3]}), path)

    assert parquet.read(LOCAL, path, ["c", "a"]).to_pydict() == {"c": [3], "a": [1]}


@pytest.mark.parametrize("size", [1, 10, 64, 10_000])
def test_blocks_hold_all_rows_in_order_and_no_more_numbers_than_asked_for(tmp_path, size):
    path = str(tmp_path / "x.parquet")
    rows = [[number, number] for number in range(100)]
    pq.write_table(pa.table({"id": list(range(100)), "e": rows}), path, row_group_size=30)

    blocks = list(parquet.read_blocks(LOCAL, path, "e", size))

    assert [row for block in blocks for row in block.to_pylist()] == rows
    assert max(len(block) for block in blocks) == min(30, max(1, size // 2))


@pytest.mark.gpu
@pytest.mark.parametrize("name", TABLES)
def test_cudf_and_pyarrow_read_and_write_the_same(tmp_path, name, monkeypatch):
    pytest.importorskip("cudf")
    if not parquet.has_cudf():
        pytest.skip("there is no CUDA device")
    path, plain = str(tmp_path / "x.parquet"), str(tmp_path / "y.parquet")
    LOCAL.pipe_file(path, parquet.write(TABLES[name]))
    by_cudf, blocks = parquet.read(LOCAL, path), list(parquet.read_blocks(LOCAL, path, TABLES[name].column_names[0], 4))
    monkeypatch.setattr(parquet, "has_cudf", lambda: False)
    LOCAL.pipe_file(plain, parquet.write(TABLES[name]))

    for file in (path, plain):
        assert parquet.read(LOCAL, file).equals(by_cudf)
    assert pa.chunked_array(blocks, TABLES[name].schema.field(0).type).equals(by_cudf.column(0))
