"""What a parquet file of anybody's says beside its vectors: which column is what, and the id and source of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import fsspec
import pyarrow as pa

from vidcurate.errors import Damaged, MissingInput, ShapeError
from vidcurate.records import Columns
from vidcurate.store import parquet
from vidcurate.store.reach import located

IDS = ("id", "clip_id", "clip_uuid", "span_uuid", "uuid", "key", "__key__", "sample_id", "uid")
"""Names by which a column of ids is known, the first that is there: ours and NeMo Curator's, and what others say."""
EMBEDDINGS = ("embedding", "embeddings", "vector", "vectors", "emb")
"""Names of the column of vectors, likewise; any other name does where only one column holds lists of numbers."""
SOURCES = ("video_id", "video_uuid", "source_video", "source_id", "source")
"""Names of the column that says from which video or collection a row comes; there need be none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The rows of a file, all but the vectors; tables and ids hold those that are wanted.

    Attributes:
        path: of the file.
        embedding: name of its column of vectors.
        wanted: bool, one per row of the file; None if all are.
        ids: string; null where there is none.
        sources: string, likewise.
        facts: columns of numbers and truth values, as they are.
    """

    path: str
    embedding: str
    wanted: pa.Array | None
    ids: pa.ChunkedArray
    sources: pa.ChunkedArray
    facts: pa.Table


def find_files(place: str) -> tuple[fsspec.AbstractFileSystem, list[str]]:
    """The parquet files of a place, sorted; hidden and private ones are passed over.

    Args:
        place: a file, a folder (searched to its depths), a glob, or a URL of any of these.

    Raises:
        MissingInput: there is none.
    """
    fs, path = located(place)
    if fs.isdir(path):
        found = [name for name in fs.find(path) if name.endswith(".parquet") and not _is_private(name[len(path) :])]
    else:
        found = [path] if fs.exists(path) else fs.glob(path)
    if not found:
        raise MissingInput(
            f"{place}: no parquet file with embeddings; run +experiment=split first, or name them with embeddings=PATH"
        )
    return fs, sorted(found)


def read_rows(fs: fsspec.AbstractFileSystem, path: str, columns: Columns) -> Rows:
    """Find a file's columns and read all but the vectors.

    Args:
        fs: where the file is.
        path: of the file.
        columns: names given by the user; the others are found.

    Raises:
        ShapeError: it is no parquet file, or a column is missing, not to be told from others, or of an unusable type;
            the message does not name the file.
    """
    try:
        schema = parquet.schema_of(fs, path)
        id_, embedding, source = _columns(schema, columns)
        others = [field.name for field in schema if _is_fact(field.type) and field.name not in (id_, source)]
        read = dict.fromkeys([id_, *([source] if source else []), *others])
        table = parquet.read(fs, path, list(read))
        ids = _text(table[id_])
        sources = _text(table[source]) if source else pa.chunked_array([pa.nulls(len(ids), pa.string())])
    except Damaged as error:
        raise ShapeError(str(error).removeprefix(f"{path}: ")) from error
    except (pa.ArrowException, OSError) as error:
        raise ShapeError(f"cannot be read as parquet: {error}") from error
    return Rows(path=path, embedding=embedding, wanted=None, ids=ids, sources=sources, facts=table.select(others))


def _is_private(path: str) -> bool:
    return any(part[0] in "._" for part in PurePosixPath(path.lstrip("/")).parts)


def _columns(schema: pa.Schema, given: Columns) -> tuple[str, str, str | None]:
    """Names of the columns of ids, of vectors and of sources."""
    there = f"there are {', '.join(schema.names)}"
    for key in ("id", "embedding", "source"):
        if (name := getattr(given, key)) is not None and name not in schema.names:
            raise ShapeError(f"no column {name!r}, which columns.{key} names; {there}")
    id_ = given.id or _first(IDS, schema.names)
    if id_ is None:
        raise ShapeError(f"no column of ids ({', '.join(IDS)}); {there}; name it with columns.id=NAME")
    embedding = given.embedding or _first(EMBEDDINGS, schema.names)
    if embedding is None:
        lists = [field.name for field in schema if _is_vector(field.type) and field.name != id_]
        if len(lists) != 1:
            found = f"{', '.join(lists)} all hold lists of numbers" if lists else there
            raise ShapeError(f"no column of vectors ({', '.join(EMBEDDINGS)}); {found}; give columns.embedding=NAME")
        embedding = lists[0]
    if not _is_vector(kind := schema.field(embedding).type):
        raise ShapeError(f"column {embedding} holds {kind}; expected lists of numbers")
    if not _is_name(kind := schema.field(id_).type):
        raise ShapeError(f"column {id_} holds {kind}; expected text, whole numbers, bytes or UUIDs")
    source = given.source or _first(SOURCES, [name for name in schema.names if name != id_])
    if source and not _is_name(kind := schema.field(source).type):
        if given.source:
            raise ShapeError(f"column {source} holds {kind}; expected text, whole numbers, bytes or UUIDs")
        source = None
    return id_, embedding, source


def _first(known: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in known if name in names), None)


def _is_vector(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(is_list and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)))


def _is_name(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_name(kind.value_type)
    tests = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_integer,
        pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary,
    )  # fmt: skip
    return kind == pa.uuid() or any(test(kind) for test in tests)


def _is_fact(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind))


def _text(names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Ids as strings: whole numbers in decimal, UUIDs as usual, bytes as the UTF-8 that they must be."""
    if names.type == pa.uuid():
        return pa.chunked_array([pa.array([name and str(name) for name in names.to_pylist()], pa.string())])
    if pa.types.is_dictionary(names.type):
        names = names.cast(names.type.value_type)
    if pa.types.is_fixed_size_binary(names.type):
        names = names.cast(pa.binary())
    try:
        return names.cast(pa.string())
    except pa.ArrowInvalid as error:
        raise ShapeError(f"ids are bytes that are no UTF-8: {error}") from error
