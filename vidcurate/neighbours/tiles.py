"""Compares rows with those that rank before them, tile by tile: a filter proposes pairs, float64 decides.

A tile is never larger than STRIP x WIDTH, whatever the number of rows.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.best import strongest
from vidcurate.neighbours.filters import Filter
from vidcurate.neighbours.graph import Collector, Nearest, cosines

if TYPE_CHECKING:
    import torch

STRIP = 256
"""Rows of a tile; with WIDTH, 2 MiB of float32, which stay in cache between product and scan."""
WIDTH = 2048
PATCH = 256
"""Columns of a tile that are looked at, or passed over, together."""
GATHERED = 2**29
"""Bytes of stand-ins that are put in order at once; beyond, they are gathered tile by tile. A GPU holds them all."""
DENSE = 1 / 32
"""Share of proposed pairs in a tile from which on multiplying all of it costs less than gathering them."""

FEW = 128
"""Pairs up to which gathering them is always cheaper."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What is compared, and where findings go; threads may share one, for each row is written by one of them.

    Attributes:
        vectors: float32 [n, dim], unit rows.
        sizes: float64 [n], their lengths.
        pairs: found so far.
        slack: by which a product in float32 may differ from a cosine.
        nearest: found so far, filled in place, where rows come in order of rank; None where they do not.
        device: where tiles are multiplied.
        lock: guards `pairs`.
    """

    vectors: NDArray[np.float32]
    sizes: NDArray[np.float64]
    pairs: Collector
    slack: float
    nearest: Nearest | None = None
    device: str
    lock: threading.Lock = field(default_factory=threading.Lock)

    def floor(self) -> float:
        """Least cosine that rounds to one that is kept."""
        return float(np.float32(self.pairs.floor)) - 2.0**-24


class Ordered:
    """The stand-ins of some rows, one after the other.

    Args:
        chosen: stand-ins of all rows.
        rows: int [k], in order of rank where a nearest is looked for, in any order otherwise.
        device: where they are multiplied.
    """

    def __init__(self, chosen: Filter, rows: NDArray[np.integer], device: str) -> None:
        import torch

        self.filter, self.rows, self._device = chosen, rows.astype(np.int64, copy=False), device
        self._matrix: torch.Tensor | None = None
        size = len(rows) * chosen.matrix.shape[1] * chosen.matrix.element_size()
        if size <= GATHERED or device != "cpu":
            self._matrix = chosen.matrix[torch.from_numpy(rows)].to(device)

    def block(self, at: slice) -> torch.Tensor:
        """Stand-ins [length of the slice, k]."""
        import torch

        if self._matrix is None:
            return self.filter.matrix[torch.from_numpy(self.rows[at])].to(self._device)
        return self._matrix[at]

    def errors(self, at: slice) -> NDArray[np.float64]:
        """Of the stand-ins."""
        found = self.filter.errors
        return np.zeros(len(self.rows[at])) if found is None else found[self.rows[at]].astype(np.float64)


def compare(
    task: Task, ordered: Ordered, tops: range, every: bool = False, only: NDArray[np.bool_] | None = None
) -> None:
    """Find the pairs of some rows with all that come before them.

    Args:
        task: what is compared.
        ordered: stand-ins of all rows, in their order.
        tops: places of the first rows of strips; its step is their height, STRIP at most.
        every: find the nearest of every row, not only where it reaches the floor; only with fp32, whose products are
            near the cosines from both sides.
        only: bool [k], places of the rows that are compared with earlier ones; all if None.
    """
    for top in tops:
        late = np.arange(top, min(top + tops.step, len(ordered.rows)))
        late = late if only is None else late[only[late]]
        if len(late):
            _strip(task, ordered, late, every)


def _strip(task: Task, ordered: Ordered, late: NDArray[np.integer], every: bool) -> None:
    import torch

    chosen = ordered.filter
    top, stop = int(late[0]), int(late[-1]) + 1
    strip = ordered.block(slice(top, stop))
    whole = len(late) == stop - top
    strip = strip if whole else strip[torch.from_numpy(late - top)]
    own = ordered.errors(slice(top, stop))[late - top]
    best, place = np.full(len(late), -np.inf, np.float32), ordered.rows[late].copy()
    seen = np.full(len(late), -np.inf)
    for across in _columns(stop):
        tile = _product(strip, ordered.block(across))
        if across.stop > top:  # on and above the diagonal is nothing that comes before
            edge = max(across.start, top)
            above = _above(stop - top, tile.device)[:, edge - top : across.stop - top]
            above = above if whole else above[torch.from_numpy(late - top)]
            tile[:, edge - across.start :].masked_fill_(above, _least(tile))
        patches = tile.view(len(late), -1, PATCH) if tile.shape[1] % PATCH == 0 else tile[:, None]
        highest = patches.amax(dim=2).cpu().double().numpy()
        other = ordered.errors(across).max()
        bar = (task.floor() - chosen.slack - own - other - own * other) / chosen.scale
        if every:
            seen = np.maximum(seen, highest.max(axis=1))
            bar = np.minimum(bar, seen - 2 * chosen.slack)
        second, column, similarity = _found(
            task, ordered.rows[late], ordered.rows[across], patches, highest, _representable(bar, tile), chosen.name
        )
        first = ordered.rows[across][column]
        kept = similarity >= np.float32(task.pairs.floor)
        if kept.any():
            with task.lock:
                task.pairs.add(first[kept], ordered.rows[late[second[kept]]], similarity[kept])
        if task.nearest is not None and len(second):
            _keep_best(best, place, second, first, similarity)
    if task.nearest is not None:
        found = best > -np.inf if every else best >= np.float32(task.pairs.floor)
        task.nearest.index[ordered.rows[late[found]]] = place[found]
        task.nearest.similarity[ordered.rows[late[found]]] = best[found]


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


def _representable(bar: NDArray[np.float64], tile: torch.Tensor) -> NDArray[np.float64]:
    """The bars, rounded down to numbers that a tile can hold."""
    import torch

    if tile.dtype == torch.int32:
        return np.clip(np.floor(bar), -(2.0**31) + 1, 2.0**31 - 1)
    lower = bar - np.abs(bar) * torch.finfo(tile.dtype).eps
    return torch.from_numpy(lower).to(tile.dtype).double().numpy()


def _found(
    task: Task,
    late: NDArray[np.integer],
    early: NDArray[np.integer],
    patches: torch.Tensor,
    highest: NDArray[np.float64],
    bar: NDArray[np.float64],
    proposer: str,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Places of pairs in a tile that reach the bar, and their similarity; sorted by both."""
    import torch

    down, number = np.nonzero((highest >= bar[:, None]) & (highest > _least(patches)))
    if not len(down):
        return down, number, np.empty(0, np.float32)
    width = patches.shape[2]
    peaks = patches[torch.from_numpy(down).to(patches.device), torch.from_numpy(number).to(patches.device)]
    mask = (peaks >= torch.from_numpy(bar[down, None]).to(peaks.device, peaks.dtype)).cpu().numpy()
    limit = np.maximum(FEW, DENSE * width * np.bincount(number))
    if np.count_nonzero(mask) <= FEW:
        many = np.zeros(len(limit), bool)
    else:
        many = np.bincount(number, np.count_nonzero(mask, axis=1)) > limit
    alone = ~many[number]
    chosen = slice(None) if alone.all() else alone
    at, to = np.divmod(np.flatnonzero(mask[chosen]), width)
    second, first = down[chosen][at], number[chosen][at] * width + to
    parts = [(second, first, _exact(task, late[second], early[first]))]
    for dense in np.flatnonzero(many):
        chosen, left = number == dense, dense * width
        at, to, similarity = _dense(task, late[down[chosen]], early[left : left + width], mask[chosen], proposer)
        parts.append((down[chosen][at], left + to, similarity))
    if len(parts) == 1:
        return parts[0]
    second, first, similarity = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((first, second))
    return second[order], first[order], similarity[order]


def _dense(
    task: Task, late: NDArray[np.integer], early: NDArray[np.integer], mask: NDArray[np.bool_], proposer: str
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Many proposed pairs of a patch: multiplied together, first in float32 where the filter is a coarser one."""
    if proposer != "fp32":
        mask = mask & (_matrix(task, late, early, double=False) >= task.floor() - task.slack - 2.0**-22)
    at, to = np.divmod(np.flatnonzero(mask), len(early))
    products = None
    if len(at) > max(FEW, DENSE * mask.size):
        products = _matrix(task, late, early, double=True)[at, to]
    return at, to, _exact(task, late[at], early[to], products)


def _matrix(task: Task, late: NDArray[np.integer], early: NDArray[np.integer], double: bool) -> NDArray[np.floating]:
    import torch

    sides = (torch.from_numpy(task.vectors[rows]).to(task.device) for rows in (late, early))
    left, right = (side.double() if double else side for side in sides)
    product: NDArray[np.floating] = (left @ right.T).cpu().numpy()
    return product


def _exact(
    task: Task, left: NDArray[np.integer], right: NDArray[np.integer], products: NDArray[np.floating] | None = None
) -> NDArray[np.float32]:
    """What `cosines` gives: from any sum in float64, unless that is too close to the edge between two float32."""
    if products is None:
        products = _products(task.vectors, left, right)
    exact = products / (task.sizes[left] * task.sizes[right])
    doubt = 8 * (task.vectors.shape[1] + 8) * 2.0**-53
    similarity: NDArray[np.float32] = exact.astype(np.float32)
    unsure = np.flatnonzero((exact - doubt).astype(np.float32) != (exact + doubt).astype(np.float32))
    if len(unsure):
        similarity[unsure] = cosines(task.vectors, left[unsure], right[unsure])
    np.clip(similarity, -1, 1, out=similarity)
    return similarity


def _products(
    vectors: NDArray[np.float32], left: NDArray[np.integer], right: NDArray[np.integer], block: int = 128
) -> NDArray[np.float64]:
    """Products of pairs, summed in float64; blocks are small, for larger ones would be new memory each time."""
    found = np.empty(len(left))
    for at in range(0, len(left), block):
        part = slice(at, at + block)
        np.einsum("ij,ij->i", vectors[left[part]], vectors[right[part]], dtype=np.float64, out=found[part])
    return found


def _keep_best(
    best: NDArray[np.float32],
    place: NDArray[np.integer],
    second: NDArray[np.intp],
    first: NDArray[np.integer],
    similarity: NDArray[np.float32],
) -> None:
    """Per row the highest similarity, of equal ones that which comes first; pairs are sorted by place."""
    top = strongest(second, similarity)
    top = top[similarity[top] > best[second[top]]]
    best[second[top]] = similarity[top]
    place[second[top]] = first[top]
