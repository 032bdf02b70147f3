"""Pairs of rows whose product may reach a bound, by float32 matrix products of tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.crossing import Blocks, Rows
from vidcurate.neighbours.spread import spread

if TYPE_CHECKING:
    import torch

TILE = 1024
"""Rows and columns of a product: 4 MiB in float32."""
BATCH = 1 << 21
"""Products that one thread makes before it hands on what it found."""
Tile = tuple[Rows, Rows, bool]
"""Rows, those they are multiplied with, and whether both are the same: then each pair of them counts once."""
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def similar(unit: torch.Tensor, compared: Blocks, bar: Callable[[], float], threads: int) -> Iterator[Pairs]:
    """Pairs with a product of at least `bar()`, which is asked before each tile and may rise.

    Args:
        unit: float32 [n, dim].
        compared: which rows are multiplied.
        bar: the bound, less the error of float32.
        threads: that multiply.

    Yields:
        Two int64 [m], rows; each pair once, in either order.
    """

    def find(tiles: list[Tile]) -> Pairs:
        found = [_reaching(unit, tile, bar()) for tile in tiles]
        left, right = (np.concatenate(column) for column in zip(*found, strict=True))
        return left, right

    yield from spread(find, _batches(_tiles(compared)), threads)


def _tiles(compared: Blocks) -> Iterator[Tile]:
    for left, right in compared:
        for top in range(0, len(left), TILE):
            rows = left[top : top + TILE]
            others = left[:top] if right is None else right
            if right is None:
                yield rows, rows, True
            for at in range(0, len(others), TILE):
                yield rows, others[at : at + TILE], False


def _batches(tiles: Iterator[Tile]) -> Iterator[list[Tile]]:
    batch: list[Tile] = []
    products = 0
    for tile in tiles:
        batch.append(tile)
        products += len(tile[0]) * len(tile[1])
        if products >= BATCH:
            yield batch
            batch, products = [], 0
    if batch:
        yield batch


def _reaching(unit: torch.Tensor, tile: Tile, bar: float) -> Pairs:
    rows, others, same = tile
    left = _taken(unit, rows)
    hits = left @ (left if same else _taken(unit, others)).T >= bar
    found = (hits.tril_(-1) if same else hits).nonzero().cpu().numpy()
    return np.asarray(rows)[found[:, 0]], np.asarray(others)[found[:, 1]]


def _taken(unit: torch.Tensor, rows: Rows) -> torch.Tensor:
    """Rows of a matrix; those that are next to each other are not copied."""
    import torch

    if isinstance(rows, range):
        return unit[rows.start : rows.stop]
    return unit[torch.from_numpy(rows).to(unit.device)]
