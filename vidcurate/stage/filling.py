"""A matrix filled with vectors of unit length, block by block, each row at its place; unusable rows leave gaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import Damaged
from vidcurate.stage.faults import Fault
from vidcurate.stage.reading import Rows
from vidcurate.store import parquet

BLOCK = 2**22
"""Numbers that are read at once: 16 MiB in float32."""
SMALLEST = 1e-12
"""Vectors that are not longer than this count as zero."""


class Filling:
    """A matrix in the making.

    Args:
        goal: int64 [rows], where the vector of each row belongs; -1 for a row without id.
        count: places.
        dim: numbers of a vector; None for that of the first vectors that are added.

    Attributes:
        faults: int8 [rows], a `Fault` each.
        lengths: how many vectors have which length, in the order in which they were met.
        broken: paths of files that could not be read to their end, by fault.
    """

    def __init__(self, goal: NDArray[np.int64], count: int, dim: int | None) -> None:
        self.faults = np.zeros(len(goal), np.int8)
        self.lengths: Counter[int] = Counter()
        self.broken: defaultdict[str, list[str]] = defaultdict(list)
        self.dim = dim
        self._goal = goal
        self._taken = np.full(count, -1, np.int64)
        self._matrix = np.empty((count, dim or 0), np.float32)

    def usual(self) -> int | None:
        """The length that most vectors have; None where there is no vector."""
        return self.lengths.most_common(1)[0][0] if self.lengths else None

    def add(self, start: int, lists: pa.Array) -> None:
        """Take the vectors of the rows from `start` on."""
        lengths = pc.fill_null(pc.list_value_length(lists), -1).to_numpy(zero_copy_only=False)
        found, first, counts = np.unique(lengths, return_index=True, return_counts=True)
        for index in np.argsort(first):
            if found[index] >= 0:
                self.lengths[int(found[index])] += int(counts[index])
        if self.dim is None and self.lengths:
            self.dim = self.usual()
            self._matrix = np.empty((len(self._taken), self.dim or 0), np.float32)
        faults, rows, units = _units(lists, lengths, self.dim)
        goal = self._goal[start : start + len(lists)]
        faults[goal < 0] = Fault.NO_ID
        places = goal[rows]
        is_first = np.zeros(len(rows), bool)
        is_first[np.unique(places, return_index=True)[1]] = True
        fresh = is_first & (places >= 0) & (self._taken[places] < 0)
        self._matrix[places[fresh]] = units if fresh.all() else units[fresh]
        self._taken[places[fresh]] = start + rows[fresh]
        again = np.flatnonzero(~fresh & (places >= 0))
        same = (self._matrix[places[again]] == units[again]).all(axis=1)
        faults[rows[again]] = np.where(same, Fault.REPEATED_ID, Fault.CONFLICTING_ID)
        self.faults[start : start + len(lists)] = faults

    def finished(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The matrix without its gaps, and int64 [n], from which row each vector came."""
        places = np.flatnonzero(self._taken >= 0)
        if len(places) == len(self._taken):
            return self._matrix, self._taken
        step = max(1, BLOCK // max(1, self._matrix.shape[1]))
        for start in range(0, len(places), step):  # moved towards the front within the matrix: no second copy
            chosen = places[start : start + step]
            self._matrix[start : start + len(chosen)] = self._matrix[chosen]
        return self._matrix[: len(places)], self._taken[places]


def fill(fs: fsspec.AbstractFileSystem, parts: Sequence[Rows], goal: NDArray[np.int64], count: int) -> Filling:
    """Read all vectors; those that differ in length from most are at fault.

    Args:
        fs: where the files are.
        parts: the files.
        goal: int64, where the vector of each row of theirs belongs; -1 for a row without id.
        count: different places.
    """
    filling = _filled(fs, parts, Filling(goal, count, None))
    usual = filling.usual()
    if usual == filling.dim:
        return filling
    del filling  # before the next one needs the memory
    return _filled(fs, parts, Filling(goal, count, usual))


def _filled(fs: fsspec.AbstractFileSystem, parts: Sequence[Rows], filling: Filling) -> Filling:
    start = 0
    for part in parts:
        row = start
        start += len(part.ids)
        try:
            for lists in _blocks(fs, part):
                filling.add(row, lists)
                row += len(lists)
        except Damaged as error:
            filling.broken[str(error).removeprefix(f"{part.path}: ")].append(part.path)
        except (pa.ArrowException, OSError) as error:
            filling.broken[f"cannot be read as parquet: {error}"].append(part.path)
    return filling


def _blocks(fs: fsspec.AbstractFileSystem, part: Rows) -> Iterator[pa.Array]:
    """The vectors of the rows that are wanted."""
    if not len(part.ids):
        return
    row = 0
    for lists in parquet.read_blocks(fs, part.path, part.embedding, BLOCK):
        chosen = lists if part.wanted is None else lists.filter(part.wanted[row : row + len(lists)])
        row += len(lists)
        if len(chosen):
            yield chosen


def _units(
    lists: pa.Array, lengths: NDArray[np.int32], dim: int | None
) -> tuple[NDArray[np.int8], NDArray[np.intp], NDArray[np.float32]]:
    """A `Fault` per row, the rows without, and their vectors, of unit length."""
    has_vector = lengths >= 0
    faults = np.where(has_vector, Fault.NONE, Fault.NO_EMBEDDING).astype(np.int8)
    numbers = lists.drop_null().flatten()
    if numbers.null_count:
        owners = np.repeat(np.flatnonzero(has_vector), lengths[has_vector])
        faults[owners[numbers.is_null().to_numpy(zero_copy_only=False)]] = Fault.MISSING_NUMBERS
    faults[(faults == Fault.NONE) & (lengths != dim)] = Fault.LENGTH
    rows = np.flatnonzero(faults == Fault.NONE)
    if len(rows) < len(lists):
        numbers = lists.take(pa.array(rows)).flatten()
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, which is a fault
        flat = numbers.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    matrix = flat.reshape(len(rows), dim or 0)
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
    faults[rows[~np.isfinite(norms)]] = Fault.NOT_FINITE
    faults[rows[norms <= SMALLEST]] = Fault.ZERO
    usable = faults[rows] == Fault.NONE
    if not usable.all():
        rows, matrix, norms = rows[usable], matrix[usable], norms[usable]
    return faults, rows, matrix / norms.astype(np.float32)[:, None]
