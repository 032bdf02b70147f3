"""Chooses the filter that makes a search cheapest, by a trial on a few rows; results are the same whichever it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.model.device import products
from vidcurate.neighbours import filters
from vidcurate.neighbours.filters import Filter

if TYPE_CHECKING:
    import torch

Name = Literal["auto", "fp32", "bf16", "int8", "prefix"]

FEW = 1024
"""Rows below which axes cost more than they save."""
WORTH = 50_000_000
"""Pairs below which finding axes, and how many, costs more than it saves."""
BLOCK, BLOCKS, PAIRS = 256, 14, 24
"""Rows of a block, blocks of the trial, and pairs of blocks that are multiplied."""
STEPS = (16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256, 320)
"""Axes that are tried."""
SCAN, GATHER, HANDLE = 8, 35_000, 60
"""Costs, in units of one coordinate of one pair in a float32 product, measured on an AVX2 EPYC core: of scanning a
pair's bound, of verifying a pair by itself, and, spread over all pairs of a patch, of multiplying it anew."""


def choose(
    vectors: NDArray[np.float32],
    sizes: NDArray[np.float64],
    rows: NDArray[np.integer],
    floor: float,
    name: Name,
    device: str,
    every: bool = False,
    basis: NDArray[np.float32] | None = None,
) -> Filter:
    """The filter for a search.

    Args:
        vectors: float32 [n, dim], unit rows.
        sizes: float64 [n], their lengths.
        rows: rows that are compared with each other, in the order of tiles; the trial is made on some blocks of them.
        floor: cosine from which on pairs count.
        name: of a filter, or auto.
        device: where products are made.
        every: rows without a pair at the floor are compared in full after all.
        basis: float32 [dim, dim], principal axes; without, prefix is not used.
    """
    if name == "auto" and device != "cpu" and every:  # whose products are rounded there
        return filters.fp32(vectors, sizes)
    if name == "bf16" or (name in ("auto", "int8") and device != "cpu"):  # torch's int8 asks for certain shapes there
        return filters.bf16(vectors, sizes, device)
    if name == "int8":
        return filters.int8(vectors, sizes)
    dim = vectors.shape[1]
    costs = {"fp32": float(dim)}
    if name == "auto":
        costs |= {other: dim * _cost(other) for other in (("bf16",) if every else ("bf16", "int8"))}
    if basis is not None and name != "fp32":
        count, cost = _axes(vectors, rows, floor, basis)
        cost += dim * alone(vectors, rows, floor) if every else 0
        if name == "prefix" or cost < 0.8 * min(costs.values()):
            return filters.prefix(vectors, sizes, basis[:count])
    cheapest = min(costs, key=lambda kind: costs[kind])
    if cheapest == "bf16":
        return filters.bf16(vectors, sizes, device)
    return (filters.int8 if cheapest == "int8" else filters.fp32)(vectors, sizes)


def turns(name: Name, pairs: int, device: str) -> bool:
    """Whether principal axes are looked for.

    Args:
        name: of a filter, or auto.
        pairs: that are compared.
        device: where; a GPU multiplies bf16 faster than anything is scanned.
    """
    return name == "prefix" or (name == "auto" and device == "cpu" and pairs >= WORTH)


def _axes(
    vectors: NDArray[np.float32], rows: NDArray[np.integer], floor: float, basis: NDArray[np.float32]
) -> tuple[int, float]:
    """The number of axes with which a pair costs least, and that cost."""
    import torch

    turn = torch.from_numpy(basis).T
    rng = np.random.default_rng(0)
    total = -(-len(rows) // BLOCK)
    starts = np.sort(rng.permutation(total)[:BLOCKS]) * BLOCK
    blocks = [torch.from_numpy(vectors[rows[at : at + BLOCK]]) @ turn for at in starts]
    apart = [(late, early) for late in range(len(blocks)) for early in range(late)]
    apart = [apart[place] for place in rng.permutation(len(apart))[:PAIRS]]
    steps = [count for count in STEPS if count < vectors.shape[1]] or [vectors.shape[1]]
    costs = np.mean([_patch(block, block, floor, steps) for block in blocks[:3]], axis=0) * 2 / (total + 1)
    if apart:
        others = [_patch(blocks[late], blocks[early], floor, steps) for late, early in apart]
        costs = costs + np.mean(others, axis=0) * (total - 1) / (total + 1)
    best = int(np.argmin(costs))
    return steps[best], float(costs[best])


def _patch(late: torch.Tensor, early: torch.Tensor, floor: float, steps: list[int]) -> list[float]:
    """Cost of a pair of two blocks, by number of axes."""
    import torch

    exact = late @ early.T
    pairs = float((exact >= floor).float().mean())
    product, costs, done = exact.new_zeros(exact.shape), [], 0
    for count in steps:
        product.addmm_(late[:, done:count], early[:, done:count].T)
        done = count
        rests = [side[:, count:].norm(dim=1) for side in (late, early)]
        reached = torch.addr(product, *rests) >= floor - 1e-3
        share, again = float(reached.float().mean()), float(reached.any(dim=1).float().mean())
        full = again * (late.shape[1] + 2 * SCAN) + GATHER * pairs + HANDLE * (again > 0)
        costs.append(count + SCAN + again * SCAN + min(share * GATHER, full))
    return costs


def alone(vectors: NDArray[np.float32], rows: NDArray[np.integer], floor: float) -> float:
    """Share of rows that have no pair at the floor, by a sample."""
    import torch

    sample = torch.from_numpy(vectors[np.random.default_rng(0).permutation(rows)[: BLOCK * BLOCKS]])
    cosines = (sample[:BLOCK] @ sample.T).fill_diagonal_(-1)
    return float((cosines.amax(dim=1) < floor).float().mean())


@cache
def _cost(kind: str) -> float:
    """Time that a product takes on this machine, as a multiple of float32's."""
    import torch

    if torch.backends.cpu.get_cpu_capability() == "AVX2":  # which has instructions for neither
        return float("inf")
    generator = torch.Generator().manual_seed(0)
    sides = [torch.randint(-127, 128, size, generator=generator).float() for size in ((256, 512), (512, 512))]
    plain = _seconds(lambda: sides[0] @ sides[1].T)
    if kind == "bf16":
        with products(rounded=True):
            return _seconds(lambda: sides[0] @ sides[1].T) / plain
    left, right = (side.to(torch.int8) for side in sides)
    return _seconds(lambda: torch._int_mm(left, right.T)) / plain


def _seconds(work: Callable[[], object]) -> float:
    work()
    tried = []
    for _ in range(3):
        start = time.thread_time()
        work()
        tried.append(time.thread_time() - start)
    return max(min(tried), 1e-6)
