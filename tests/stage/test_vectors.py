from __future__ import annotations

from pathlib import Path
from uuid import UUID

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vidcurate.errors import MissingInput, ShapeError
from vidcurate.records import Columns
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

    assert vectors.ids.to_pylist() == ["a", "b", "c", "d"]
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

    assert load_vectors(str(tmp_path)).ids.to_pylist() == ["a"]


def test_only_the_wanted_clips_are_taken(tmp_path):
    write(tmp_path / "1.parquet", {"a": [1, 0], "b": [0, 0]})  # b would be refused
    write(tmp_path / "2.parquet", {"c": [0, 1]})
    write(tmp_path / "3.parquet", {"d": [0, 1, 2]})

    vectors = load_vectors(str(tmp_path), only=["c", "a"])

    assert vectors.ids.to_pylist() == ["a", "c"]
    assert vectors.matrix.tolist() == [[1, 0], [0, 1]]


def test_many_rows_in_many_row_groups_keep_their_ids(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)
    ids = [f"{number:04d}" for number in range(1000)]
    pq.write_table(vectors_table(ids[::-1], matrix[::-1]), tmp_path / "x.parquet", row_group_size=64)

    vectors = load_vectors(str(tmp_path))

    expected = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    assert vectors.ids.to_pylist() == list(ids)
    assert np.abs(vectors.matrix - expected).max() < 2e-7  # float32 against float32


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"a": [1, 0], "b": [1]}, "different lengths: 1 of length 2, 1 of length 1"),
        ({"a": [1, 0], "b": [float("nan"), 1]}, "1 of 2 vectors are NaN or infinite: 'b'"),
        ({"a": [1, 0], "b": [float("inf"), 1]}, "1 of 2 vectors are NaN or infinite: 'b'"),
        ({"a": [0, 0], "b": [1, 0]}, "1 of 2 vectors are zero: 'a'"),
        ({"a": [], "b": []}, "2 of 2 vectors are zero"),
        ({"a": [1, None]}, "1 of 1 vectors miss numbers: 'a'"),
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
        (
            {"clip": ["a"], "embedding": [[1.0]]},
            "no column of ids .*; there are clip, embedding; .*columns.id=NAME",
        ),
        ({"id": [1.5], "embedding": [[1.0]]}, "column id holds double; expected text, whole numbers, bytes or UUIDs"),
        ({"id": ["a"], "label": ["x"]}, "no column of vectors .*; there are id, label; give columns.embedding=NAME"),
        ({"id": ["a"], "x": [[1.0]], "y": [[2]]}, "no column of vectors .*; x, y all hold lists of numbers"),
        ({"id": [b"\xff"], "embedding": [[1.0]]}, "ids are bytes that are no UTF-8"),
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


@pytest.mark.parametrize(
    ("id_", "embedding"),
    [("id", "embedding"), ("clip_uuid", "embeddings"), ("uuid", "vector"), ("key", "iv2"), ("__key__", "features_512")],
)
def test_columns_are_found_by_their_usual_names_or_by_what_they_hold(tmp_path, id_, embedding):
    columns = {"note": ["x", "y"], embedding: [[0.0, 1.0], [3.0, 4.0]], id_: ["b", "a"]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")

    vectors = load_vectors(str(tmp_path))

    assert vectors.ids.to_pylist() == ["a", "b"]
    assert vectors.matrix.tolist() == [[np.float32(0.6), np.float32(0.8)], [0, 1]]


@pytest.mark.parametrize("folder", ["iv2_embd_parquet", "ce1_embd_parquet"])
def test_embeddings_of_nemo_curator_are_read(tmp_path, folder):
    # One file per chunk of a video: id, and embedding as a list of doubles.
    for video in ("v0_0", "v1_0"):
        rows = {f"{video}-clip": [3.0, 4.0], f"{video}-other": [1e-3, 0.0]}
        write(tmp_path / folder / f"{video}.parquet", rows, pa.list_(pa.float64()))

    vectors = load_vectors(str(tmp_path / folder))

    assert vectors.ids.to_pylist() == ["v0_0-clip", "v0_0-other", "v1_0-clip", "v1_0-other"]
    assert vectors.matrix[:2].tolist() == [[np.float32(0.6), np.float32(0.8)], [1, 0]]


def test_names_that_are_given_are_taken_and_must_be_there(tmp_path):
    columns = {"id": ["wrong", "wrong"], "mine": ["b", "a"], "embedding": [[1.0], [1.0]], "other": [[0, 1], [1, 0]]}
    path = str(tmp_path / "x.parquet")
    pq.write_table(pa.table(columns), path)

    vectors = load_vectors(path, columns=Columns(id="mine", embedding="other"))

    assert vectors.ids.to_pylist() == ["a", "b"]
    assert vectors.matrix.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ShapeError, match=r"no column 'our', which columns\.source names; there are id, mine"):
        load_vectors(path, columns=Columns(source="our"))


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array(["b", "a"]).dictionary_encode(), ("a", "b")),
        (pa.array([10, 9]), ("10", "9")),  # sorted as text
        (pa.array(["b", "a"], pa.large_string()), ("a", "b")),
        (pa.array([b"b", b"a"]), ("a", "b")),
        (pa.array([b"bb", b"aa"], pa.binary(2)), ("aa", "bb")),
        (
            pa.array([UUID(int=2).bytes, UUID(int=1).bytes], pa.uuid()),
            ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
        ),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_ids_of_any_type_become_text(tmp_path, ids, expected):
    pq.write_table(pa.table({"id": ids, "embedding": [[0, 1], [1, 0]]}), tmp_path / "x.parquet")

    vectors = load_vectors(str(tmp_path))

    assert vectors.ids.to_pylist() == list(expected)
    assert len(vectors.matrix) == 2


def test_half_precision_is_exact_and_double_is_rounded_once(tmp_path):
    numbers = np.random.default_rng(0).normal(size=(50, 3))
    for name, type_ in (("half", np.float16), ("double", np.float64)):
        rows = {f"{number:02d}": row.astype(type_) for number, row in enumerate(numbers)}
        write(tmp_path / f"{name}.parquet", rows, pa.list_(pa.from_numpy_dtype(type_)))
        raw = numbers.astype(type_).astype(np.float32)
        lengths = np.sqrt((raw.astype(np.float64) ** 2).sum(axis=1)).astype(np.float32)

        vectors = load_vectors(str(tmp_path / f"{name}.parquet"))

        assert np.array_equal(vectors.matrix, raw / lengths[:, None])


def test_other_columns_become_facts_in_the_order_of_ids(tmp_path):
    first = {"id": ["c", "a"], "embedding": [[1, 0], [0, 1]], "width": [30, None], "note": ["x", "y"]}
    second = {"id": ["b"], "embedding": [[1, 1]], "width": [20.5], "good": [True]}
    pq.write_table(pa.table(first), tmp_path / "1.parquet")
    pq.write_table(pa.table(second), tmp_path / "2.parquet")

    vectors = load_vectors(str(tmp_path))

    assert vectors.facts.to_pydict() == {"width": [None, 20.5, 30.0], "good": [None, True, None]}


def test_facts_have_a_digest_of_their_own(tmp_path):
    columns = {"id": ["a", "b"], "embedding": [[1, 0], [0, 1]], "good": [True, None]}
    digests = set()
    for number, widths in enumerate(([1, 2], [1, 2], [2, 1], [1, None], [1, 0])):
        pq.write_table(pa.table(columns | {"width": pa.array(widths, pa.int64())}), tmp_path / f"{number}.parquet")
        vectors = load_vectors(str(tmp_path / f"{number}.parquet"))
        digests.add((vectors.digest, vectors.facts_digest(["good"]), vectors.facts_digest(["width", "good"])))

    assert [len(set(kind)) for kind in zip(*digests, strict=True)] == [1, 1, 4]
    with pytest.raises(MissingInput, match="no column 'size' beside the embeddings; there are good, width"):
        vectors.facts_digest(["size"])


def test_sources_are_numbered_and_an_unknown_one_is_like_no_other(tmp_path):
    sources = ["y", None, "x", "y", None]
    columns = {"id": list("abcde"), "embedding": [[1.0]] * 5, "video_id": sources, "shelf": [1, 1, 2, 2, 2]}
    path = str(tmp_path / "x.parquet")
    pq.write_table(pa.table(columns), path)

    found, given = load_vectors(path), load_vectors(path, columns=Columns(source="shelf"))

    assert found.sources.dtype == np.int32
    assert found.sources.tolist() == [1, 2, 0, 1, 3]
    assert given.sources.tolist() == [0, 0, 1, 1, 1]


def test_without_a_column_of_sources_there_are_none(tmp_path):
    assert load_vectors(str(write(tmp_path / "x.parquet", {"a": [1, 0]}))).sources is None


FAULTY = {
    "1.parquet": {"a": [1, 0], "nan": [float("nan"), 1], "zero": [0, 0], "short": [1]},
    "2.parquet": {"b": [0, 2], None: [1, 0], "none": None, "gap": [None, 1], "a": [1, 0]},
    "3.parquet": {"b": [1, 0], "zero": [1, 0], "c": [3, 4]},
}


def test_all_faults_of_all_files_are_said_at_once(tmp_path):
    for name, rows in FAULTY.items():
        write(tmp_path / name, rows)
    for number in range(5):
        write(tmp_path / f"y{number}.parquet", {"d": [1, 0]}, column="embedding_text").write_bytes(b"PAR1")

    with pytest.raises(ShapeError) as caught:
        load_vectors(str(tmp_path))

    said = str(caught.value)
    assert "8 faults:" in said
    assert f"{tmp_path}/y0.parquet, {tmp_path}/y1.parquet, {tmp_path}/y2.parquet and 2 more files: cannot be" in said
    assert f"1 of 12 rows have no id: '{tmp_path}/2.parquet'" in said
    assert "1 of 12 rows have no embedding: 'none'" in said
    assert "1 of 12 vectors miss numbers: 'gap'" in said
    assert "1 of 12 vectors are NaN or infinite: 'nan'" in said
    assert "1 of 12 vectors are zero: 'zero'" in said
    assert "different lengths: 10 of length 2, 1 of length 1: 'short'" in said
    assert "on_bad=drop" in said
    assert "3 ids occur more than once: 'a', 'b', 'zero'" in said


def test_rows_with_faults_are_left_out_where_that_is_asked_for(tmp_path):
    for name, rows in FAULTY.items():
        write(tmp_path / name, rows)

    vectors = load_vectors(str(tmp_path), on_bad="drop")

    assert vectors.ids.to_pylist() == ["a", "b", "c", "zero"]
    assert vectors.matrix.tolist() == [[1, 0], [0, 1], [np.float32(0.6), np.float32(0.8)], [1, 0]]
    assert [(row["id"], row["file"][-9:], row["reason"]) for row in vectors.dropped.to_pylist()] == [
        ("nan", "1.parquet", "not_finite"),
        ("zero", "1.parquet", "zero"),  # the one in 3.parquet stays
        ("short", "1.parquet", "length"),
        (None, "2.parquet", "no_id"),
        ("none", "2.parquet", "no_embedding"),
        ("gap", "2.parquet", "missing_numbers"),
        ("a", "2.parquet", "repeated_id"),
        ("b", "3.parquet", "conflicting_id"),
    ]


def test_the_length_of_most_vectors_is_the_right_one_though_others_come_first(tmp_path):
    write(tmp_path / "1.parquet", {"a": [1, 0, 0], "b": [1, 0, 0]})
    write(tmp_path / "2.parquet", {name: [1, 0] for name in "cde"})

    vectors = load_vectors(str(tmp_path), on_bad="drop")

    assert vectors.ids.to_pylist() == ["c", "d", "e"]
    assert vectors.matrix.shape == (3, 2)
    assert vectors.dropped["reason"].to_pylist() == ["length"] * 2


def test_an_id_that_is_repeated_within_a_block_keeps_its_first_row(tmp_path):
    columns = {"id": ["a", "b", "a", "a"], "embedding": [[1, 0], [1, 1], [2, 0], [0, 1]], "row": [0, 1, 2, 3]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")

    vectors = load_vectors(str(tmp_path), on_bad="drop")

    assert vectors.facts["row"].to_pylist() == [0, 1]
    assert vectors.dropped["reason"].to_pylist() == ["repeated_id", "conflicting_id"]  # of one direction, of another


def test_nothing_usable_is_an_error_even_where_rows_may_go(tmp_path):
    path = write(tmp_path / "x.parquet", {"a": [0, 0], "b": None})

    with pytest.raises(ShapeError, match=r"none of 2 rows can be used: {'no_embedding': 1, 'zero': 1}"):
        load_vectors(str(path), on_bad="drop")


def test_the_matrix_does_not_depend_on_how_rows_lie_in_files(tmp_path, monkeypatch):
    rows = {f"{number:03d}": row for number, row in enumerate(np.random.default_rng(1).normal(size=(200, 4)))}
    rows["050"] = [0, 0, 0, 0]
    shuffled = dict(sorted(rows.items(), key=lambda entry: hash(entry[1][0])))
    write(tmp_path / "one" / "x.parquet", rows)
    for number in range(4):
        part = dict(list(shuffled.items())[number::4])
        write(tmp_path / "many" / f"{number}.parquet", part, pa.large_list(pa.float32()))
    one = load_vectors(str(tmp_path / "one"), on_bad="drop")
    monkeypatch.setattr("vidcurate.stage.filling.BLOCK", 12)  # three rows

    many = load_vectors(str(tmp_path / "many"), on_bad="drop")

    assert one.digest == many.digest
    assert len(one.ids) == 199
