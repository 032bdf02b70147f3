"""Compares rows with those that rank before them, tile by tile: a filter proposes pairs, float64 decides.

A tile is never larger than STRIP x WIDTH, whatever the number of rows.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.best import Best
from vidcurate.neighbours.filters import Filter
from vidcurate.neighbours.verify import DENSE, FEW, Task

if TYPE_CHECKING:
    import torch

STRIP = 256
"""Rows of a tile; with WIDTH, 2 MiB of float32, which stay in cache between product and scan."""
WIDTH = 2048
PATCH = 256
"""Columns of a tile that are looked at, or passed over, together."""
GRAIN = 64
"""Blocks may go on to a multiple of so many rows."""
GATHERED = 2**29
"""Bytes of stand-ins that are put in order at once; beyond, they are gathered tile by tile. A GPU holds them all."""


class Ordered:
    """The stand-ins of some rows, one after the other.

    Args:
        chosen: stand-ins of all rows.
        rows: int [k], in order of rank where a nearest is looked for, in any order otherwise. What fills up the last
            GRAIN of them is of no row.
        device: where they are multiplied.
    """

    def __init__(self, chosen: Filter, rows: NDArray[np.integer], device: str) -> None:
        import torch

        self.filter, self.rows, self._device = chosen, rows.astype(np.int64, copy=False), device
        self._places = torch.from_numpy(filled(self.rows, whole(len(rows))))
        self._matrix: torch.Tensor | None = None
        size = len(rows) * chosen.matrix.shape[1] * chosen.matrix.element_size()
        if size <= GATHERED or device != "cpu":
            self._matrix = chosen.matrix.index_select(0, self._places).to(device)

    def block(self, at: slice) -> torch.Tensor:
        """Stand-ins [length of the slice, k]."""
        if self._matrix is None:
            return self.filter.matrix.index_select(0, self._places[at]).to(self._device)
        return self._matrix[at]

    def errors(self, at: slice) -> NDArray[np.float64]:
        """Of the stand-ins."""
        found = self.filter.errors
        return np.zeros(len(self.rows[at])) if found is None else found[self.rows[at]].astype(np.float64)


def whole(rows: int) -> int:
    """Rows with those that fill up their last GRAIN."""
    return -(-rows // GRAIN) * GRAIN


def filled(rows: NDArray[np.integer], size: int) -> NDArray[np.int64]:
    """Rows, and the first of them as often as there are fewer than `size`."""
    return np.append(rows, np.repeat(rows[:1], size - len(rows))).astype(np.int64, copy=False)


def compare(task: Task, ordered: Ordered, tops: range) -> None:
    """Find the pairs of some rows with all that come before them.

    Args:
        task: what is compared.
        ordered: stand-ins of all rows, in their order.
        tops: places of the first rows of strips; its step is their height, STRIP at most.
    """
    for top in tops:
        _strip(task, ordered, top, min(top + tops.step, len(ordered.rows)))


def _strip(task: Task, ordered: Ordered, top: int, stop: int) -> None:
    chosen, late = ordered.filter, ordered.rows[top:stop]
    strip, own = ordered.block(slice(top, stop)), ordered.errors(slice(top, stop))
    best = None if task.nearest is None else Best(late)
    for across in _columns(stop):
        tile = _product(strip, ordered.block(across))
        if across.stop > top:  # on and above the diagonal is nothing that comes before
            edge = max(across.start, top)
            above = _above(STRIP, tile.device)[: stop - top, edge - top : across.stop - top]
            tile[:, edge - across.start :].masked_fill_(above, _least(tile))
        patches = tile.view(len(late), -1, PATCH) if tile.shape[1] % PATCH == 0 else tile[:, None]
        highest = patches.amax(dim=2).cpu().double().numpy()
        other = ordered.errors(across).max()
        bar = (task.floor() - chosen.slack - own - other - own * other) / chosen.scale
        early = ordered.rows[across]
        second, column, similarity = found(task, late, early, patches, highest, representable(bar, tile), chosen.name)
        task.add(early[column], late[second], similarity)
        if best is not None:
            best.keep(second, early[column], similarity)
    if best is not None and task.nearest is not None:
        best.write(task.nearest, task.pairs.floor)


def _columns(stop: int) -> list[slice]:
    """Tiles across a strip: of whole patches, and one of the rest."""
    whole = 0 if stop < 2 * PATCH else stop // PATCH * PATCH
    tiles = [slice(left, min(left + WIDTH, whole)) for left in range(0, whole, WIDTH)]
    return tiles + [slice(whole, stop)] * (whole < stop)


@cache
def _above(size: int, device: torch.device) -> torch.Tensor:
    import torch

    return torch.ones((size, size), dtype=torch.bool, device=device).triu()


def _product(strip: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    import torch

    return torch._int_mm(strip, block.T) if strip.dtype == torch.int8 else strip @ block.T


def _least(tile: torch.Tensor) -> float:
    import torch

    return torch.iinfo(tile.dtype).min if tile.dtype == torch.int32 else -torch.inf


def representable(bar: NDArray[np.float64], tile: torch.Tensor) -> NDArray[np.float64]:
    """The bars, rounded down to numbers that a tile can hold."""
    import torch

    if tile.dtype == torch.int32:
        return np.clip(np.floor(bar), -(2.0**31) + 1, 2.0**31 - 1)
    lower = bar - np.abs(bar) * torch.finfo(tile.dtype).eps
    return torch.from_numpy(lower).to(tile.dtype).double().numpy()


def found(
    task: Task,
    late: NDArray[np.int64],
    early: NDArray[np.int64],
    patches: torch.Tensor,
    highest: NDArray[np.float64],
    bar: NDArray[np.float64],
    proposer: str,
    offset: NDArray[np.intp] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Places of pairs in a tile that reach the bar, in `late` and in `early` and sorted by both, and their similarity.

    Args:
        task: what is compared.
        late: int64 [m], rows.
        early: int64 [k], rows; what a tile has beyond them reaches no bar.
        patches: [m, patches, columns], products.
        highest: float64 [m, patches], of them.
        bar: float64 [m], which a tile can hold.
        proposer: name of the filter.
        offset: int [m], number of the patch of `early` that is the first of a row; 0 for all if None.
    """
    import torch

    down, number = np.nonzero((highest >= bar[:, None]) & (highest > _least(patches)))
    if not len(down):
        return down, number, np.empty(0, np.float32)
    width = patches.shape[2]
    peaks = patches[torch.from_numpy(down).to(patches.device), torch.from_numpy(number).to(patches.device)]
    mask = (peaks >= torch.from_numpy(bar[down, None]).to(peaks.device, peaks.dtype)).cpu().numpy()
    if offset is not None:
        number = number + offset[down]
    limit = np.maximum(FEW, DENSE * width * np.bincount(number))
    if np.count_nonzero(mask) <= FEW:
        many = np.zeros(len(limit), bool)
    else:
        many = np.bincount(number, np.count_nonzero(mask, axis=1)) > limit
    alone = ~many[number]
    chosen = slice(None) if alone.all() else alone
    at, to = np.divmod(np.flatnonzero(mask[chosen]), width)
    second, first = down[chosen][at], number[chosen][at] * width + to
    parts = [(second, first, task.similarity(late[second], early[first]))]
    for dense in np.flatnonzero(many):
        chosen, left = number == dense, dense * width
        theirs = early[left : left + width]
        at, to, similarity = _dense(task, late[down[chosen]], theirs, mask[chosen, : len(theirs)], proposer)
        parts.append((down[chosen][at], left + to, similarity))
    if len(parts) == 1:
        return parts[0]
    second, first, similarity = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((first, second))
    return second[order], first[order], similarity[order]


def _dense(
    task: Task, late: NDArray[np.int64], early: NDArray[np.int64], mask: NDArray[np.bool_], proposer: str
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Many proposed pairs of a patch: multiplied together, first in float32 where the filter is a far coarser one."""
    if proposer in ("int8", "prefix"):
        mask = mask & (task.matrix(late, early, double=False) >= task.floor() - task.slack - 2.0**-22)
    at, to = np.divmod(np.flatnonzero(mask), len(early))
    products = None
    if len(at) > max(FEW, DENSE * mask.size):
        products = task.matrix(late, early, double=True)[at, to]
    return at, to, task.similarity(late[at], early[to], products)
