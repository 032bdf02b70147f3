"""VECTORS from parquet files, ours or anybody's, as one checked matrix; nothing in them is taken on trust.

Files are read twice: first ids and facts, which say in which row of the sorted matrix a vector belongs, then the
vectors, block by block, each brought to unit length and put in its place. There is never a second copy of the matrix.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import MissingInput, ShapeError
from vidcurate.records import Columns, OnBad
from vidcurate.stage.aligned import aligned, coded, facts_digest
from vidcurate.stage.faults import counted, dropped_table, examples, file_problems, row_problems
from vidcurate.stage.filling import fill
from vidcurate.stage.reading import Rows, find_files, read_rows
from vidcurate.table import DROPPED

log = logging.getLogger(__name__)

IDS = 2**16
"""Ids that are objects at once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vectors:
    """The vectors of n clips.

    Attributes:
        ids: n strings, sorted, each once.
        matrix: float32 [n, dim], rows of unit length.
        digest: SHA-256 of both; equal digests, equal vectors.
        facts: what else is known of the clips, in the order of `ids`: columns of numbers and truth values.
        sources: int32 [n], equal where two clips come from the same video or collection, and a number of its own for a
            clip of which that is not known; None where it is known of none.
        dropped: DROPPED, the rows that were left out.
    """

    ids: pa.StringArray
    matrix: NDArray[np.float32]
    digest: str
    facts: pa.Table = field(default_factory=lambda: pa.table({}))
    sources: NDArray[np.int32] | None = None
    dropped: pa.Table = field(default_factory=DROPPED.empty_table)

    def facts_digest(self, columns: Collection[str]) -> str:
        """SHA-256 of some columns of the facts, for what depends on them.

        Raises:
            MissingInput: there is no such column.
        """
        return facts_digest(self.facts, columns)


def load_vectors(
    place: str,
    *,
    only: Collection[str] | pa.Array | None = None,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
) -> Vectors:
    """Read embeddings and bring their rows to unit length.

    Args:
        place: a parquet file, a folder of them (searched to its depths), a glob, or a URL of any of these. One column
            holds ids: text, whole numbers, UTF-8 or UUIDs, which become strings. One holds vectors: lists, large lists
            or fixed-size lists of numbers of any type, all of one length; float16 is exact in float32, wider numbers
            are rounded once.
        only: ids wanted; others are left out, and each must be there. None takes all.
        columns: names of the columns; those that are not given are found.
        on_bad: `fail`, or `drop` rows that have no id, no usable vector, another length than most vectors, or the id
            of an earlier row: in the order of sorted files the first usable row of an id stays. Faults of whole files
            are errors all the same.

    Raises:
        MissingInput: there is no file, no row, or not each wanted id.
        ShapeError: files or rows cannot be used; all faults are said at once, with counts and examples.
    """
    wanted = None if only is None else pa.array(only if isinstance(only, pa.Array) else sorted(only), pa.string())
    if wanted is not None and not len(wanted):
        raise MissingInput(f"{place}: no clip to compare; the filters have dropped them all")
    fs, files = find_files(place)
    parts, unreadable = _read(fs, files, columns or Columns(), wanted)
    ids, sources = (_together(getattr(part, name) for part in parts) for name in ("ids", "sources"))
    missing = [] if wanted is None else _missing(wanted, ids)
    goal, count = _places(ids)
    filling = fill(fs, parts, goal, count)
    dropped = dropped_table(filling.faults, ids, [(part.path, len(part.ids)) for part in parts])
    faults = row_problems(filling.faults, dropped, filling.lengths, _twice(ids, goal)) if on_bad == "fail" else []
    _demand_none(place, unreadable + file_problems(filling.broken), faults, missing)
    if not len(ids):
        raise MissingInput(f"{place}: its parquet files hold no row")
    matrix, taken = filling.finished()
    if not len(matrix):
        raise ShapeError(f"{place}: none of {len(ids)} rows can be used: {counted(dropped)}")
    rows = pa.array(taken)
    names = ids.take(rows).combine_chunks()
    log.debug("vectors: %d of %d dimensions from %d files of %s", *matrix.shape, len(files), place)
    if dropped.num_rows:
        log.warning("vectors: %d of %d rows are left out: %s", dropped.num_rows, len(ids), counted(dropped))
    return Vectors(
        ids=names,
        matrix=matrix,
        digest=_digest(names, matrix),
        facts=aligned([part.facts for part in parts], taken),
        sources=coded(sources.take(rows)),
        dropped=dropped,
    )


def _read(
    fs: fsspec.AbstractFileSystem, files: Sequence[str], columns: Columns, wanted: pa.Array | None
) -> tuple[list[Rows], list[str]]:
    """All but the vectors, and what is wrong with files."""
    parts: list[Rows] = []
    faults: defaultdict[str, list[str]] = defaultdict(list)
    for path in files:
        try:
            parts.append(read_rows(fs, path, columns))
        except ShapeError as error:
            faults[str(error)].append(path)
    return parts if wanted is None else _of_ids(parts, wanted), file_problems(faults)


def _of_ids(parts: Sequence[Rows], only: pa.Array) -> list[Rows]:
    """The rows of files that are wanted: looked up all at once, since every look-up hashes the whole of `only`."""
    wanted = pc.is_in(_together(part.ids for part in parts), value_set=only).combine_chunks()
    found, at = [], 0
    for part in parts:
        mask = wanted.slice(at, len(part.ids))
        ids, sources, facts = (column.filter(mask) for column in (part.ids, part.sources, part.facts))
        found.append(replace(part, wanted=mask, ids=ids, sources=sources, facts=facts))
        at += len(part.ids)
    return found


def _places(ids: pa.ChunkedArray) -> tuple[NDArray[np.int64], int]:
    """Where each id stands among the sorted different ones, int64 [n], -1 without an id; and how many those are."""
    order = pc.sort_indices(ids).to_numpy()[: len(ids) - ids.null_count]  # nulls come last
    names = ids.take(pa.array(order)).combine_chunks()
    places = np.full(len(ids), -1, np.int64)
    if len(names):
        is_new = np.concatenate([[True], pc.not_equal(names[1:], names[:-1]).to_numpy(zero_copy_only=False)])
        places[order] = np.cumsum(is_new) - 1
    return places, int(places.max(initial=-1)) + 1


def _twice(ids: pa.ChunkedArray, places: NDArray[np.int64]) -> list[str]:
    """Ids of several rows."""
    counts = np.bincount(places[places >= 0], minlength=1)
    rows = np.flatnonzero((places >= 0) & (counts[places] > 1))
    return list(ids.take(pa.array(rows)).unique().to_pylist())


def _together(columns: Iterable[pa.ChunkedArray]) -> pa.ChunkedArray:
    return pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())


def _missing(wanted: pa.Array, ids: pa.ChunkedArray) -> list[str]:
    absent = wanted.filter(pc.invert(pc.is_in(wanted, value_set=ids.combine_chunks()))).unique().to_pylist()
    if not absent:
        return []
    return [
        f"{len(absent)} of {len(wanted)} clips have no embedding: {examples(absent)}; "
        "run +experiment=split again, or name files that hold them with embeddings=PATH"
    ]


def _demand_none(place: str, of_files: list[str], of_rows: list[str], missing: list[str]) -> None:
    """Say all problems that there are."""
    problems = of_files + of_rows + missing
    if not problems:
        return
    lines = [f"{place}: {len(problems)} faults:", *(f"  - {line}" for line in problems)]
    if len(problems) == 1:
        lines = [f"{place}: {problems[0]}"]
    if of_rows:
        lines.append("on_bad=drop leaves such rows out and lists them")
    raise (ShapeError if of_files or of_rows else MissingInput)("\n".join(lines))


def _digest(ids: pa.StringArray, matrix: NDArray[np.float32]) -> str:
    digest = hashlib.sha256()
    for at in range(0, len(ids), IDS):
        digest.update(("\n" * (at > 0) + "\n".join(ids[at : at + IDS].to_pylist())).encode())
    digest.update(repr(matrix.shape).encode())
    digest.update(matrix.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
