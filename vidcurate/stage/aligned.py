"""What files say of clips beside their vectors, aligned with those: facts to rank by, sources to tell pairs apart."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import MissingInput, ShapeError


def aligned(parts: Sequence[pa.Table], taken: NDArray[np.int64]) -> pa.Table:
    """Facts of several files as one table; null where a file lacks a column.

    Args:
        parts: of each file.
        taken: int64 [n], which of their rows, one after another, make up the result.

    Raises:
        ShapeError: a column is of one type here and of another there.
    """
    try:
        together = pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException as error:
        raise ShapeError(f"files disagree about a column: {error}") from error
    return together.take(pa.array(taken))


def coded(sources: pa.ChunkedArray) -> NDArray[np.int32] | None:
    """A number per source, in the order of their names, int32 [n]; null gets one of its own each time.

    None where all are null.
    """
    unknown = sources.is_null().to_numpy()
    if unknown.all():
        return None
    names = sources.drop_null().unique()
    names = names.take(pc.sort_indices(names))
    codes: NDArray[np.int32] = pc.fill_null(pc.index_in(sources, value_set=names), 0).to_numpy().astype(np.int32)
    codes[unknown] = len(names) + np.arange(np.count_nonzero(unknown))
    return codes


def facts_digest(facts: pa.Table, columns: Collection[str]) -> str:
    """SHA-256 of some columns: of their names, types and values.

    Raises:
        MissingInput: there is no such column.
    """
    digest = hashlib.sha256()
    for name in sorted(columns):
        if name not in facts.column_names:
            raise MissingInput(f"no column {name!r} beside the embeddings; there are {', '.join(facts.column_names)}")
        column = facts[name].combine_chunks()
        values = pc.fill_null(column, pa.scalar(0, pa.int64()).cast(column.type))
        digest.update(f"{name}:{column.type}:{len(column)}\n".encode())
        digest.update(values.to_numpy(zero_copy_only=False).tobytes())
        digest.update(column.is_null().to_numpy(zero_copy_only=False).tobytes())
    return digest.hexdigest()
