"""Blocks of rows that are compared with each other, in which every pair of rows comes at most once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.cells import Cells, Reach

Rows = NDArray[np.int64] | range
Blocks = Iterator[tuple[Rows, Rows | None]]
"""Rows, and those that each of them is compared with; None: with each other."""


def everything(cells: Cells) -> Blocks:
    """All rows with each other."""
    yield range(len(cells.order)), None


def blocks(cells: Cells, probed: Reach, bordering: Reach | None) -> Blocks:
    """Every cell, and what is compared across cells.

    Args:
        cells: the rows.
        probed: rows that are compared with all rows of the other cell.
        bordering: rows that are compared with those of the other cell that reach theirs.
    """
    for cell in range(len(cells)):
        yield cells.rows(cell), None
    chosen = np.zeros(len(cells.order), bool)
    for a, b in _pairs(len(cells), [probed] if bordering is None else [probed, bordering]):
        rows, others = probed.between(a, b), probed.between(b, a)
        chosen[rows] = chosen[others] = True
        if len(rows):
            yield rows, cells.rows(b)
        if len(others):
            yield _left(np.arange(*cells.bounds[a : a + 2]), chosen), others
        if bordering is not None:
            yield _left(bordering.between(a, b), chosen), _left(bordering.between(b, a), chosen)
        chosen[rows] = chosen[others] = False


def work(compared: Blocks) -> int:
    """Pairs in blocks; to be asked of a copy, since it uses them up."""
    return sum(
        len(left) * (len(left) - 1) // 2 if right is None else len(left) * len(right) for left, right in compared
    )


def _pairs(cells: int, reaches: list[Reach]) -> Iterator[tuple[int, int]]:
    """Two cells at a time of which one reaches the other, the smaller number first."""
    own, other = np.divmod(np.concatenate([reach.keys for reach in reaches]), cells)
    for key in np.unique(np.minimum(own, other) * cells + np.maximum(own, other)).tolist():
        yield divmod(key, cells)


def _left(rows: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    return rows[~chosen[rows]]
