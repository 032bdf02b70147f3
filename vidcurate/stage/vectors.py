"""VECTORS from parquet files, ours or anybody's, as one checked matrix; nothing in them is taken on trust."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vidcurate.errors import MissingInput, ShapeError

log = logging.getLogger(__name__)

COLUMNS = ("embedding", "embeddings")
"""Names of the column of vectors: ours and NeMo Curator's for video, and its later one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vectors:
    """The vectors of n clips.

    Attributes:
        ids: n ids, sorted, each once.
        matrix: float32 [n, dim], rows of unit length.
        digest: SHA-256 of both; equal digests, equal vectors.
        facts: n rows, columns that clips may be ranked by.
        sources: int32 [n], equal for rows of one video or collection; None where that is not known.
    """

    ids: tuple[str, ...]
    matrix: NDArray[np.float32]
    digest: str
    facts: pa.Table = field(default_factory=lambda: pa.table({}))
    sources: NDArray[np.int32] | None = None


def load_vectors(place: str, *, only: Collection[str] | None = None) -> Vectors:
    """Read embeddings and bring their rows to unit length.

    Args:
        place: a parquet file, a folder of them (searched to its depths), a glob, or a URL of any of these. Columns:
            `id`, and `embedding` or `embeddings`: lists of any numeric type, all of one length.
        only: ids wanted; others are left out, and each must be there. None takes all.

    Raises:
        MissingInput: there is no file, no row, or not each wanted id.
        ShapeError: a column is missing or of another type, an id occurs twice, or a vector is ragged, zero, NaN or
            infinite.
    """
    if only is not None and not only:
        raise MissingInput(f"{place}: no clip to compare; the filters have dropped them all")
    fs, files = _files(place)
    ids: list[str] = []
    blocks: list[NDArray[np.float32]] = []
    wanted = None if only is None else pa.array(sorted(only), pa.string())
    for path in files:
        names, matrices = _read(fs, path, wanted)
        ids += names
        blocks += matrices
    _check_ids(place, ids, only)
    _check_lengths(place, blocks)
    matrix = np.concatenate(blocks)
    blocks.clear()  # a copy less in memory
    order = sorted(range(len(ids)), key=ids.__getitem__)
    sorted_ids = tuple(ids[row] for row in order)
    matrix = _unit(place, sorted_ids, matrix[order])
    log.info("vectors: %d of %d dimensions from %d files of %s", *matrix.shape, len(files), place)
    return Vectors(ids=sorted_ids, matrix=matrix, digest=_digest(sorted_ids, matrix))


def _files(place: str) -> tuple[fsspec.AbstractFileSystem, list[str]]:
    fs, path = fsspec.core.url_to_fs(place)
    if fs.isdir(path):
        found = [name for name in fs.find(path) if name.endswith(".parquet") and not _is_private(name[len(path) :])]
    else:
        found = [path] if fs.exists(path) else fs.glob(path)
    files = sorted(found)
    if not files:
        raise MissingInput(
            f"{place}: no parquet file with embeddings; run +experiment=split first, or name them with embeddings=PATH"
        )
    return fs, files


def _is_private(path: str) -> bool:
    return any(part[0] in "._" for part in PurePosixPath(path.lstrip("/")).parts)


def _read(
    fs: fsspec.AbstractFileSystem, path: str, only: pa.Array | None
) -> tuple[list[str], list[NDArray[np.float32]]]:
    """Ids and raw vectors of one file, in blocks, without a Python object per number."""
    try:
        with fs.open(path, "rb") as file:
            parquet = pq.ParquetFile(file)
            columns = parquet.schema_arrow.names
            column = next((name for name in COLUMNS if name in columns), "")
            table = parquet.read(columns=["id", column])
    except (pa.ArrowInvalid, OSError) as error:
        raise ShapeError(f"{path}: cannot be read as parquet: {error}") from error
    if "id" not in columns or not column:
        raise ShapeError(f"{path}: expected columns id and {' or '.join(COLUMNS)}; there are {', '.join(columns)}")
    ids, lists = table["id"].cast(pa.string()), table[column]
    if only is not None:
        wanted = pc.is_in(ids, value_set=only)
        ids, lists = ids.filter(wanted), lists.filter(wanted)
    for name, cells in (("id", ids), (column, lists)):
        if cells.null_count:
            raise ShapeError(f"{path}: {cells.null_count} of {len(cells)} rows have no {name}")
    _check_type(path, column, lists.type)
    return ids.to_pylist(), [_matrix(path, chunk) for chunk in lists.chunks if len(chunk)]


def _check_type(path: str, column: str, kind: pa.DataType) -> None:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_list or not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        raise ShapeError(f"{path}: column {column} holds {kind}; expected lists of numbers")


def _matrix(path: str, lists: pa.Array) -> NDArray[np.float32]:
    lengths = pc.value_counts(pc.list_value_length(lists)).to_pylist()
    if len(lengths) > 1:
        found = ", ".join(f"{entry['counts']} of length {entry['values']}" for entry in lengths)
        raise ShapeError(f"{path}: vectors of different lengths: {found}")
    numbers = lists.flatten()
    if numbers.null_count:
        raise ShapeError(f"{path}: {numbers.null_count} numbers of the vectors are missing")
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, which is refused later
        flat: NDArray[np.float32] = numbers.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return flat.reshape(len(lists), -1)


def _check_ids(place: str, ids: list[str], only: Collection[str] | None) -> None:
    if len(set(ids)) < len(ids):
        twice = [name for name, count in Counter(ids).items() if count > 1]
        raise ShapeError(
            f"{place}: {len(twice)} ids occur more than once: {_examples(twice)}; each clip has one vector"
        )
    missing = set(only or ()) - set(ids)
    if missing:
        raise MissingInput(
            f"{place}: {len(missing)} of {len(only or ())} clips have no embedding: {_examples(missing)}; "
            "run +experiment=split again, or name files that hold them with embeddings=PATH"
        )
    if not ids:
        raise MissingInput(f"{place}: its parquet files hold no row")


def _check_lengths(place: str, blocks: list[NDArray[np.float32]]) -> None:
    lengths: Counter[int] = Counter()
    for block in blocks:
        lengths[block.shape[1]] += len(block)
    if len(lengths) > 1:
        found = ", ".join(f"{count} of length {length}" for length, count in lengths.items())
        raise ShapeError(f"{place}: vectors of different lengths: {found}; give each embedder a folder of its own")


def _unit(place: str, ids: tuple[str, ...], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
    for rows, fault in ((~np.isfinite(norms), "NaN or infinite"), (norms <= 1e-12, "zero")):
        if rows.any():
            examples = _examples(ids[row] for row in np.flatnonzero(rows))
            raise ShapeError(f"{place}: {rows.sum()} of {len(ids)} vectors are {fault}: {examples}; embed them again")
    matrix /= norms.astype(np.float32)[:, None]
    return matrix


def _examples(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(map(repr, shown[:3])) + (", ..." if len(shown) > 3 else "")


def _digest(ids: tuple[str, ...], matrix: NDArray[np.float32]) -> str:
    digest = hashlib.sha256("\n".join(ids).encode())
    digest.update(repr(matrix.shape).encode())
    digest.update(matrix.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
