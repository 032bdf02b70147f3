"""Convolutions of 3 x 3 pixels by Winograd's algorithm: a quarter of the products, by matrices that a CPU multiplies.

F(4x4, 3x3) of Lavin and Gray 2015, arXiv:1509.09308. torch multiplies in full where it has no AVX-512. In float32
results differ by 1e-5 of the largest; in bf16 they would be worthless.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

TILE = 4
"""Pixels, down and across, that are computed together, from two more of the input."""
TILES = 336
"""That go through the layer at a time; what is made of them should stay in a CPU's cache, and fill its matrices."""

# What is multiplied: of three taps, and `_points` of six samples. Of six products: four results.
_TAPS = ((6, 0, 0), (-4, -4, -4), (-4, 4, -4), (1, 2, 4), (1, -2, 4), (0, 0, 24))  # over 24
_RESULTS = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


class Scratch:
    """Memory that layers use one after the other: fresh pages cost as much as what is done with them."""

    def __init__(self) -> None:
        self._held: dict[str, Tensor] = {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        """float32 of a shape, overwritten by whoever asks for the name next."""
        size = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.numel() < size:
            held = self._held[name] = torch.empty(size)
        return held[:size].view(shape)


class Winograd:
    """One layer on a CPU, with a margin of zeros around the picture.

    Args:
        weight: float32 [outputs, inputs, 3, 3].
    """

    def __init__(self, weight: Tensor) -> None:
        taps = torch.tensor(_TAPS, dtype=torch.float64) / 24
        results = torch.tensor(_RESULTS, dtype=torch.float64)
        outputs, inputs = weight.shape[:2]
        kernels = torch.einsum("iy,ocyx,jx->ijco", taps, weight.double(), taps)
        self._kernels = kernels.reshape(36, inputs, outputs).float().contiguous()
        self._results = torch.einsum("yi,xj->yxij", results, results).reshape(16, 36).float().contiguous()

    def __call__(self, x: Tensor, out: Sequence[Tensor], scratch: Scratch) -> None:
        """Compute the layer.

        Args:
            x: float32 [n, height, width, inputs], the width a multiple of `TILE`.
            out: written: float32 [n, height, width, outputs / len(out)] each.
            scratch: of this thread.
        """
        step = max(1, TILES // (-(-x.shape[1] // TILE) * (x.shape[2] // TILE)))
        for start in range(0, len(x), step):
            self._some(x[start : start + step], [part[start : start + step] for part in out], scratch)

    def _some(self, x: Tensor, out: Sequence[Tensor], scratch: Scratch) -> None:
        n, height, width, inputs = x.shape
        down, across, outputs = -(-height // TILE), width // TILE, self._kernels.shape[2]
        padded = scratch("padded", n, TILE * down + 2, width + 2, inputs)
        padded[:, 0] = padded[:, height + 1 :] = 0
        padded[:, :, 0] = padded[:, :, -1] = 0
        padded[:, 1 : height + 1, 1:-1] = x
        rows = scratch("rows", 6, n, TILE * down + 2, across, inputs)
        _points([padded[:, :, at : at + width - 3 : TILE] for at in range(6)], rows)
        tiles = scratch("tiles", 6, 6, n, down, across, inputs)
        _points([rows[:, :, at : at + TILE * down - 3 : TILE] for at in range(6)], tiles)
        products = scratch("products", 36, n * down * across, outputs)
        torch.bmm(tiles.view(36, -1, inputs), self._kernels, out=products)
        results = scratch("results", 16, n * down * across * outputs)
        torch.mm(self._results, products.view(36, -1), out=results)
        pixels = results.view(TILE, TILE, n, down, across, outputs).permute(0, 2, 3, 4, 1, 5)
        for row in range(min(TILE, height)):
            here = pixels[row, :, : len(range(row, height, TILE))]
            for target, part in zip(out, here.chunk(len(out), dim=4), strict=True):
                target[:, row::TILE].view(n, -1, across, TILE, target.shape[3]).copy_(part)


def _points(x: Sequence[Tensor], out: Tensor) -> None:
    """Six combinations of six samples."""
    even, odd = torch.sub(x[4], x[2], alpha=4), torch.sub(x[3], x[1], alpha=4)
    torch.add(even, odd, out=out[1])
    torch.sub(even, odd, out=out[2])
    torch.sub(x[4], x[2], out=even)
    torch.sub(x[3], x[1], out=odd)
    torch.add(even, odd, alpha=2, out=out[3])
    torch.sub(even, odd, alpha=2, out=out[4])
    torch.add(even, torch.sub(x[0], x[2]), alpha=4, out=out[0])
    torch.sub(torch.sub(x[5], x[3]), odd, alpha=4, out=out[5])
