"""Of every row the nearest that comes before it, however far, and all pairs from the floor up.

A product differs from a cosine by a slack at most, to either side. So whatever lies two of them below the highest
product of a row is not its nearest; what is left, about two pairs a row by bf16, is multiplied in float64.

Tiles are of whole GRAINs, down and across: for every other shape a product would be compiled anew.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.best import Best
from vidcurate.neighbours.filters import Filter
from vidcurate.neighbours.tiles import GRAIN, Ordered, found, representable, whole
from vidcurate.neighbours.verify import Task

if TYPE_CHECKING:
    import torch

STRIP = 512
"""Rows that are compared with earlier ones at a time, at most."""
WIDTH = 2048
"""Earlier rows of a tile: with STRIP 4 MiB of float32."""


def earlier(task: Task, ordered: Ordered, top: int, only: NDArray[np.bool_] | None = None) -> None:
    """Compare some rows with all that come before them.

    Args:
        task: what is compared; `nearest` is filled in.
        ordered: stand-ins of all rows, in order of rank, without errors of their own: fp32, or bf16.
        top: place of the first row that is compared with earlier ones, a multiple of GRAIN; the others follow.
        only: bool [k], places of the rows that are compared with earlier ones; all if None.
    """
    stop = len(ordered.rows)
    strips = -(-(stop - top) // STRIP)
    height = whole(-(-(stop - top) // strips))  # of about one height, not one of a few rows at the end
    for place in range(top, stop, height):
        late = np.arange(place, min(place + height, stop))
        late = late if only is None else late[only[late]]
        if len(late):
            _strip(task, ordered, place, late)


def _strip(task: Task, ordered: Ordered, top: int, places: NDArray[np.int64]) -> None:
    import torch

    late, stop = ordered.rows[places], whole(int(places[-1]) + 1)
    strip, above = ordered.block(slice(top, stop)), on_and_above(STRIP, task.device)[: stop - top]
    if len(late) < places[-1] + 1 - top:
        chosen = torch.from_numpy(places - top)
        strip, above = strip[chosen], above[chosen]
    best, seen = Best(late), np.full(len(late), -2.0)
    for left in range(0, stop, WIDTH):
        right = min(left + WIDTH, stop)
        tile = (strip @ ordered.block(slice(left, right)).T).float()
        if right > top:
            edge = max(left, top)
            tile[:, edge - left :].add_(above[:, edge - top : right - top])
        patches = tile[: len(late)].view(len(late), -1, GRAIN)
        highest = patches.amax(dim=2).cpu().double().numpy()
        seen = np.maximum(seen, highest.max(axis=1))
        keep(task, ordered.filter, best, ordered.rows[left:right], patches, highest, seen)
    assert task.nearest is not None
    best.write(task.nearest)


def keep(
    task: Task,
    chosen: Filter,
    best: Best,
    early: NDArray[np.int64],
    patches: torch.Tensor,
    highest: NDArray[np.float64],
    seen: NDArray[np.float64],
    offset: NDArray[np.intp] | None = None,
) -> None:
    """Take from a tile what may be the nearest of a row, and what may reach the floor.

    Args:
        task: what is compared.
        chosen: what the tile is a product of.
        best: of the rows of the tile, so far.
        early: int64 [k], its columns.
        patches: float32 [m, patches, columns], the tile.
        highest: float64 [m, patches], of them.
        seen: float64 [m], the highest product of each row so far.
        offset: as for `found`.
    """
    bar = representable(np.minimum(task.floor() - chosen.slack, seen - 2 * chosen.slack), patches)
    second, column, similarity = found(task, best.rows, early, patches, highest, bar, chosen.name, offset)
    task.add(early[column], best.rows[second], similarity)
    best.keep(second, early[column], similarity)


@cache
def on_and_above(size: int, device: str) -> torch.Tensor:
    """Added to the products of rows with themselves, it leaves those with rows that come before."""
    import torch

    return torch.full((size, size), -torch.inf, device=device).triu()
