from __future__ import annotations

from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vidcurate.errors import MissingInput, ShapeError
from vidcurate.stage.vectors import load_vectors
from vidcurate.table import vectors_table


def write(path: Path, rows: dict[str, object], type_: pa.DataType | None = None, column: str = "embedding") -> Path:
    """A parquet file of vectors by id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    embeddings = pa.array(rows.values(), type_ or pa.list_(pa.float32()))
    pq.write_table(pa.table({"id": pa.array(rows.keys(), pa.string()), column: embeddings}), path)
    return path


def test_rows_are_sorted_by_id_and_brought_to_unit_length(tmp_path):
    write(tmp_path / "1.parquet", {"b": [3, 4], "d": [0, 2]})
    write(tmp_path / "deep" / "2.parquet", {"c": [-1, 0], "a": [5, 12]})

    vectors = load_vectors(str(tmp_path))

    assert vectors.ids == ("a", "b", "c", "d")
    assert vectors.matrix.dtype == np.float32
    assert vectors.matrix.ravel() == pytest.approx([5 / 13, 12 / 13, 0.6, 0.8, -1, 0, 0, 1], abs=1e-7)  # float32


@pytest.mark.parametrize("column", ["embedding", "embeddings"])
@pytest.mark.parametrize(
    "type_",
    [
        pa.list_(pa.float16()),
        pa.list_(pa.float32()),
        pa.list_(pa.float64()),
        pa.list_(pa.int8()),
        pa.large_list(pa.float32()),
        pa.list_(pa.float32(), 2),
        pa.list_(pa.float64(), 2),
    ],
    ids=str,
)
def test_embeddings_of_any_writer_are_read(tmp_path, type_, column):
    rows = {"a": np.array([3, 4]), "b": np.array([0, 1])}
    if type_.value_type == pa.float16():
        rows = {name: row.astype(np.float16) for name, row in rows.items()}
    path = write(tmp_path / "x.parquet", rows, type_, column)

    vectors = load_vectors(str(path))

    assert vectors.matrix.tolist() == [[np.float32(0.6), np.float32(0.8)], [0, 1]]


def test_a_file_a_folder_a_glob_and_a_url_give_the_same(tmp_path):
    path = write(tmp_path / "in" / "x.parquet", {"a": [3, 4], "b": [0, 1]})
    fsspec.filesystem("memory").pipe_file("/elsewhere/x.parquet", path.read_bytes())
    places = [path, path.parent, tmp_path / "i*" / "*.parquet", f"file://{path}", "memory://elsewhere"]

    digests = {load_vectors(str(place)).digest for place in places}

    assert len(digests) == 1


def test_the_digest_sees_ids_and_numbers(tmp_path):
    contents = [{"a": [3, 4]}, {"b": [3, 4]}, {"a": [4, 3]}]
    paths = [write(tmp_path / f"{number}.parquet", rows) for number, rows in enumerate(contents)]

    assert len({load_vectors(str(path)).digest for path in paths}) == 3


def test_hidden_and_private_files_are_passed_over(tmp_path):
    write(tmp_path / "x.parquet", {"a": [1, 0]})
    write(tmp_path / "_temporary" / "y.parquet", {"b": [1, 0]})
    write(tmp_path / ".z.parquet", {"c": [1, 0]})

    assert load_vectors(str(tmp_path)).ids == ("a",)


def test_only_the_wanted_clips_are_taken(tmp_path):
    write(tmp_path / "1.parquet", {"a": [1, 0], "b": [0, 0]})  # b would be refused
    write(tmp_path / "2.parquet", {"c": [0, 1]})
    write(tmp_path / "3.parquet", {"d": [0, 1, 2]})

    vectors = load_vectors(str(tmp_path), only=["c", "a"])

    assert vectors.ids == ("a", "c")
    assert vectors.matrix.tolist() == [[1, 0], [0, 1]]


def test_many_rows_in_many_row_groups_keep_their_ids(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)
    ids = [f"{number:04d}" for number in range(1000)]
    pq.write_table(vectors_table(ids[::-1], matrix[::-1]), tmp_path / "x.parquet", row_group_size=64)

    vectors = load_vectors(str(tmp_path))

    expected = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    assert vectors.ids == tuple(ids)
    assert np.abs(vectors.matrix - expected).max() < 2e-7  # float32 against float32


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"a": [1, 0], "b": [1]}, "different lengths: 1 of length 2, 1 of length 1"),
        ({"a": [1, 0], "b": [float("nan"), 1]}, "1 of 2 vectors are NaN or infinite: 'b'"),
        ({"a": [1, 0], "b": [float("inf"), 1]}, "1 of 2 vectors are NaN or infinite: 'b'"),
        ({"a": [0, 0], "b": [1, 0]}, "1 of 2 vectors are zero: 'a'"),
        ({"a": [], "b": []}, "2 of 2 vectors are zero"),
        ({"a": [1, None]}, "1 numbers of the vectors are missing"),
        ({"a": [1, 0], "b": None}, "1 of 2 rows have no embedding"),
        ({None: [1, 0], "b": [1, 0]}, "1 of 2 rows have no id"),
    ],
)
def test_unusable_vectors_are_refused(tmp_path, rows, message):
    path = write(tmp_path / "x.parquet", rows)

    with pytest.raises(ShapeError, match=message):
        load_vectors(str(path))


def test_a_number_too_large_for_float32_is_refused(tmp_path):
    path = write(tmp_path / "x.parquet", {"a": [1e300, 1]}, pa.list_(pa.float64()))

    with pytest.raises(ShapeError, match="infinite"):
        load_vectors(str(path))


def test_files_of_two_embedders_are_refused(tmp_path):
    write(tmp_path / "1.parquet", {"a": [1, 0], "b": [0, 1]})
    write(tmp_path / "2.parquet", {"c": [0, 1, 2]})

    with pytest.raises(ShapeError, match="different lengths: 2 of length 2, 1 of length 3"):
        load_vectors(str(tmp_path))


def test_an_id_in_two_files_is_refused(tmp_path):
    write(tmp_path / "1.parquet", {name: [1, 0] for name in "abcd"})
    write(tmp_path / "2.parquet", {name: [1, 0] for name in "abcde"})

    with pytest.raises(ShapeError, match=r"4 ids occur more than once: 'a', 'b', 'c', \.\.\."):
        load_vectors(str(tmp_path))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"id": ["a"], "vector": [[1.0]]}, "expected columns id and embedding or embeddings; there are id, vector"),
        ({"clip": ["a"], "embedding": [[1.0]]}, "there are clip, embedding"),
        ({"id": ["a"], "embedding": [b"pickled"]}, "column embedding holds binary; expected lists of numbers"),
        ({"id": ["a"], "embedding": [["x"]]}, "column embedding holds list<.*string>; expected lists of numbers"),
    ],
)
def test_other_columns_are_refused_by_name(tmp_path, table, message):
    pq.write_table(pa.table(table), tmp_path / "x.parquet")

    with pytest.raises(ShapeError, match=message):
        load_vectors(str(tmp_path))


def test_what_is_not_parquet_is_refused(tmp_path):
    (tmp_path / "x.parquet").write_text("not parquet at all")

    with pytest.raises(ShapeError, match=r"x\.parquet: cannot be read as parquet"):
        load_vectors(str(tmp_path))


@pytest.mark.parametrize("place", ["nowhere", "empty", "no/*.parquet"])
def test_a_place_without_files_says_what_to_run(tmp_path, place):
    (tmp_path / "empty").mkdir()

    with pytest.raises(MissingInput, match=r"no parquet file.*\+experiment=split.*embeddings="):
        load_vectors(str(tmp_path / place))


def test_a_clip_without_a_vector_is_an_error(tmp_path):
    write(tmp_path / "x.parquet", {"a": [1, 0]})

    with pytest.raises(MissingInput, match="2 of 3 clips have no embedding: 'b', 'c'"):
        load_vectors(str(tmp_path), only=["a", "b", "c"])


def test_nothing_to_compare_is_an_error(tmp_path):
    write(tmp_path / "x.parquet", {"a": [1, 0]})
    write(tmp_path / "empty" / "y.parquet", {})

    with pytest.raises(MissingInput, match="filters have dropped them all"):
        load_vectors(str(tmp_path), only=[])
    with pytest.raises(MissingInput, match="hold no row"):
        load_vectors(str(tmp_path / "empty"))
