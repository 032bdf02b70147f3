"""Which clips of different clusters can be near each other, by their distance to the border between the clusters.

A clip's cell is the centroid nearest to it: labels are assigned anew, since those of a clustering can lag behind its
centroids. For centroids a and b, of any length, let

    g(z) = |z - b|^2 - |z - a|^2 = |b|^2 - |a|^2 - 2 z.(b - a)

so that g / (2 |a - b|) is the signed distance of z from the plane halfway between them.

Theorem. Let x be nearest to a, y nearest to b, and |x - y| <= r. Then g(x) <= 2 r |a - b|.
Proof. g is affine with a gradient of length 2 |a - b|, so g(x) <= g(y) + 2 r |a - b|; and g(y) <= 0, as y is nearest
to b.

By symmetry y lies as near to the plane as x does. Rows of unit length with a cosine of 1 - eps or more have
r = sqrt(2 eps). So when x is compared with those y of b for which both are within r of the plane, and that for every
other b, no pair up to eps is missed. Here |x - y| is bounded for rows whose lengths are not exactly 1, and g is held
against the bound plus its largest rounding error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.spread import spread

if TYPE_CHECKING:
    import torch

BLOCK = 4096
"""Rows that are held against all centroids at a time."""
SAMPLE = 2048
"""Rows from which the work is predicted."""
HALF = 2.0**-23
"""By how much a cosine and a floor can be rounded towards each other in float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """For pairs of cells (own, other), some rows of the one that are to be compared with the other.

    Attributes:
        cells: how many there are.
        keys: int64, own * cells + other of each pair that has rows, rising.
        starts: int64, where the rows of each pair begin, and the end.
        rows: int32, rising within a pair.
    """

    cells: int
    keys: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]

    @classmethod
    def of(cls, cells: int, keys: NDArray[np.int64], rows: NDArray[np.int32]) -> Reach:
        """From a key per row; rows that share one are rising."""
        if (np.diff(keys) < 0).any():
            order = np.argsort(keys, kind="stable")
            keys, rows = keys[order], rows[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        return cls(cells, keys[starts], np.append(starts, len(keys)), rows)

    def between(self, own: int, other: int) -> NDArray[np.int64]:
        """Rows of one cell that reach another."""
        key = own * self.cells + other
        at = int(np.searchsorted(self.keys, key))
        if at == len(self.keys) or self.keys[at] != key:
            return np.empty(0, np.int64)
        return self.rows[self.starts[at] : self.starts[at + 1]].astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Rows sorted by their nearest centroid.

    Attributes:
        unit: float32 [n, dim] tensor, the rows: by cell, and by rank within a cell.
        order: int64 [n], where each stood before.
        bounds: int64 [k + 1], where each cell begins, and the end.
        near: int32 [n, m + 1], the cell of each row and the m next nearest ones.
        centroids: float32 [k, dim] tensor.
        lengths: of the shortest and the longest row.
    """

    unit: torch.Tensor
    order: NDArray[np.int64]
    bounds: NDArray[np.int64]
    near: NDArray[np.int32]
    centroids: torch.Tensor
    lengths: tuple[float, float]

    @classmethod
    def of(
        cls,
        vectors: NDArray[np.float32],
        centroids: NDArray[np.float32],
        ranks: NDArray[np.int64],
        probes: int,
        device: str,
        threads: int = 1,
    ) -> Cells:
        """Sort rows into cells.

        Args:
            vectors: float32 [n, dim], unit rows.
            centroids: float32 [k, dim], of any length.
            ranks: int64 [n].
            probes: other cells that each row is compared with.
            device: where `unit` and the centroids are put.
            threads: that multiply.
        """
        import torch

        middles = torch.tensor(centroids).to(device)
        count = min(probes + 1, len(centroids))

        def nearest(at: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
            block = torch.tensor(vectors[at : at + BLOCK]).to(device)
            found = _scores(block, middles).topk(count, dim=1, largest=False).indices
            return found.int().cpu().numpy(), block.double().norm(dim=1).cpu().numpy()

        found = list(spread(nearest, range(0, len(vectors), BLOCK), threads))
        near, sizes = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.lexsort((ranks, near[:, 0]))
        bounds = np.searchsorted(near[order, 0], np.arange(len(centroids) + 1))
        unit = torch.from_numpy(vectors[order]).to(device)
        return cls(unit, order, bounds, near[order], middles, (float(sizes.min()), float(sizes.max())))

    def __len__(self) -> int:
        """How many cells there are; some may be empty."""
        return len(self.centroids)

    def rows(self, cell: int) -> range:
        """Of one cell."""
        return range(int(self.bounds[cell]), int(self.bounds[cell + 1]))

    def doubt(self) -> float:
        """By how much a float32 product of two rows can differ from their cosine."""
        shortest, longest = self.lengths
        rounding = 1.01 * self.unit.shape[1] * 2.0**-24 * longest**2
        return rounding + max(abs(1 - shortest**2), abs(longest**2 - 1)) + HALF

    def probed(self) -> Reach:
        """Rows reach the cells next nearest to them."""
        own, others = self.near[:, :1].astype(np.int64), self.near[:, 1:]
        rows = np.repeat(np.arange(len(own), dtype=np.int32), others.shape[1])
        return Reach.of(len(self), (own * len(self) + others).reshape(-1), rows)

    def within(self, radius: float) -> Reach:
        """Rows reach the cells from whose border they are no farther than a radius."""
        keys, rows = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
        for cell in range(len(self)):
            others, found = self._bordering(cell, radius)
            order = np.argsort(others, kind="stable")
            keys.append(cell * len(self) + others[order])
            rows.append(found[order])
        return Reach.of(len(self), np.concatenate(keys), np.concatenate(rows))

    def radius(self, eps: float) -> float:
        """How far apart two rows can be whose cosine is 1 - eps or more."""
        shortest, longest = self.lengths
        return float(np.sqrt((longest - shortest) ** 2 + 2 * longest**2 * (eps + HALF)))

    def affordable(self, share: float, most: float) -> float:
        """The largest epsilon at which rows reach cells that together hold no more than a share of all rows.

        Args:
            share: of the rows, on average; predicted from a sample.
            most: where that is enough, the answer.
        """
        rows = np.unique(np.linspace(0, len(self.unit) - 1, SAMPLE).astype(np.int64))
        depths = self._depths(rows).cpu().numpy()
        order = np.argsort(depths, axis=None)
        reached = np.cumsum(np.diff(self.bounds)[order % len(self)])
        last = int(np.searchsorted(reached, share * len(rows) * len(self.unit), side="right"))
        if last == len(order):
            return most
        radius = max(float(depths.reshape(-1)[order[last]]), 0.0)
        shortest, longest = self.lengths
        return min(most, max(0.0, (radius**2 - (longest - shortest) ** 2) / (2 * longest**2)))

    def _bordering(self, cell: int, radius: float) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Of one cell, in no order of the cells: other cells, and the rows that reach them."""
        rows = self.rows(cell)
        others, found = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
        for at in range(rows.start, rows.stop, BLOCK):
            block = np.arange(at, min(at + BLOCK, rows.stop))
            row, other = (self._depths(block) <= radius).nonzero(as_tuple=True)
            found.append(block[row.cpu().numpy()].astype(np.int32))
            others.append(other.cpu().numpy())
        return np.concatenate(others), np.concatenate(found)

    def _depths(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Float32 [m, k], how far rows are at least from the border of each cell; infinite for their own."""
        import torch

        own = torch.from_numpy(self.near[rows, 0]).long().to(self.unit.device)
        cells, inverse = torch.unique(own, return_inverse=True)
        wide = self.centroids.double()
        gaps = torch.cdist(wide[cells], wide, compute_mode="donot_use_mm_for_euclid_dist")
        scores = _scores(self.unit[torch.from_numpy(rows).to(own.device)], self.centroids)
        depths = scores - scores.gather(1, own[:, None]) - 4 * self._rounding()
        depths /= 2.000001 * gaps[inverse].clamp(min=1e-12)
        return depths.scatter_(1, own[:, None], torch.inf)

    def _rounding(self) -> float:
        """The largest error of a score in float32."""
        middle = float(self.centroids.double().norm(dim=1).max())
        return (self.unit.shape[1] + 8) * 2.0**-24 * middle * (middle + 2 * self.lengths[1])


def _scores(unit: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Float32 [m, k], squared distances of rows to centroids, less the square of the row, which is the same for all."""
    return (centroids * centroids).sum(dim=1) - 2 * (unit @ centroids.T)
