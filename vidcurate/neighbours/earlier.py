"""Of every row the nearest that comes before it, however far, and all pairs from the floor up.

A product differs from a cosine by a slack at most, to either side. So whatever lies two of them below the highest
product of a row is not its nearest; what is left, about two pairs a row by bf16, is multiplied in float64.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.tiles import Ordered
from vidcurate.neighbours.verify import DENSE, FEW, Best, Task

if TYPE_CHECKING:
    import torch

STRIP = 512
"""Rows that are compared with earlier ones at a time, at most."""
WIDTH = 2048
"""Earlier rows of a tile: with STRIP 4 MiB of float32."""


def earlier(task: Task, ordered: Ordered, tops: range, only: NDArray[np.bool_] | None = None) -> None:
    """Compare some rows with all that come before them.

    Args:
        task: what is compared; `nearest` is filled in.
        ordered: stand-ins of all rows, in order of rank, without errors of their own: fp32, or bf16.
        tops: places of the first rows of strips; its step is their height, STRIP at most.
        only: bool [k], places of the rows that are compared with earlier ones; all if None.
    """
    for top in tops:
        late = np.arange(top, min(top + tops.step, len(ordered.rows)))
        late = late if only is None else late[only[late]]
        if len(late):
            _strip(task, ordered, late)


def _strip(task: Task, ordered: Ordered, late: NDArray[np.int64]) -> None:
    import torch

    rows, slack = ordered.rows, ordered.filter.slack
    top, stop = int(late[0]), int(late[-1]) + 1
    strip, above = ordered.block(slice(top, stop)), _above(task.device)[: stop - top]
    if len(late) < stop - top:
        chosen = torch.from_numpy(late - top)
        strip, above = strip[chosen], above[chosen]
    best, seen = Best(rows[late]), np.full(len(late), -2.0)
    for left in range(0, stop, WIDTH):
        right = min(left + WIDTH, stop)
        tile = strip @ ordered.block(slice(left, right)).T
        if right > top:  # on and above the diagonal is nothing that comes before
            edge = max(left, top)
            tile[:, edge - left :].add_(above[:, edge - top : right - top])
        seen = np.maximum(seen, tile.amax(dim=1).cpu().numpy())
        bar = np.minimum(task.floor() - slack, seen - 2 * slack)
        second, first, similarity = _proposed(task, tile, bar, rows[late], rows[left:right])
        task.add(first, rows[late[second]], similarity)
        best.keep(second, first, similarity)
    assert task.nearest is not None
    best.write(task.nearest)


@cache
def _above(device: str) -> torch.Tensor:
    """Added to products, it leaves those below the diagonal, and takes the others out of the running."""
    import torch

    return torch.full((STRIP, STRIP), -torch.inf, device=device).triu()


def _proposed(
    task: Task, tile: torch.Tensor, bar: NDArray[np.float64], late: NDArray[np.int64], early: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float32]]:
    """Pairs of a tile that reach the bar: place of the later row, the earlier row, their similarity."""
    import torch

    least = np.nextafter(bar.astype(np.float32), np.float32(-np.inf))[:, None]
    if task.device == "cpu":
        reached = tile.numpy() >= least
    else:
        reached = (tile >= torch.from_numpy(least).to(task.device)).cpu().numpy()
    hits = np.flatnonzero(reached)
    second, column = np.divmod(hits, len(early))
    products = None
    if len(hits) > max(FEW, DENSE * reached.size):
        products = task.matrix(late, early, double=True).reshape(-1)[hits]
    return second, early[column], task.similarity(late[second], early[column], products)
