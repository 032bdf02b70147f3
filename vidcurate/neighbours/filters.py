"""Cheap stand-ins for vectors whose products bound cosines from above: they say which pairs are worth an exact look.

A filter never decides. Its bound is rigorous, so whichever is used, the pairs that are verified contain every pair
that counts.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.model.device import products

if TYPE_CHECKING:
    import torch

SAMPLE = 4096
"""Rows from which principal axes are taken."""
BLOCK = 4096
"""Rows that are converted at a time."""
CACHED = 128
"""Rows that are squared in float64 at a time: 512 KiB at 512 dimensions, which stay in cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filter:
    """Stand-ins for n vectors.

    cosine(i, j) <= scale * (matrix[i] @ matrix[j]) + slack + errors[i] + errors[j] + errors[i] * errors[j].

    Attributes:
        name: fp32, bf16, int8 or prefix.
        matrix: [n, k] of float32, bfloat16 or int8.
        scale: of its products.
        slack: part of the bound that is the same for every pair.
        errors: float32 [n], length of what a stand-in differs from its vector by; None where slack covers it.
    """

    name: str
    matrix: torch.Tensor
    scale: float = 1.0
    slack: float
    errors: NDArray[np.float32] | None = None

    def products(self) -> AbstractContextManager[None]:
        """Where its stand-ins are multiplied, fast and within the bound, whatever the caller has told torch."""
        return products(rounded=self.name == "bf16")


def lengths(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Length of each row."""
    found = np.empty(len(vectors))
    for at in range(0, len(vectors), CACHED):
        rows = vectors[at : at + CACHED].astype(np.float64)
        np.vecdot(rows, rows, out=found[at : at + CACHED])
    return np.sqrt(found, out=found)


def fp32(vectors: NDArray[np.float32], sizes: NDArray[np.float64]) -> Filter:
    """The vectors themselves.

    Source: any order of summation is within gamma(dim) of the true product of unit rows, gamma(k) = k u / (1 - k u),
    u = 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
    """
    import torch

    coarse = torch.backends.cuda.matmul.allow_tf32  # rounds what it multiplies to 11 bits
    slack = _gamma(vectors.shape[1]) + (2.0**-9 if coarse else 0)
    return Filter(name="fp32", matrix=torch.from_numpy(vectors), slack=slack * sizes.max() ** 2 + _unevenness(sizes))


def bf16(vectors: NDArray[np.float32], sizes: NDArray[np.float64], device: str) -> Filter:
    """The vectors rounded to bfloat16: on a CPU by the product itself, where it is made in `products`.

    There sums are float32; on a GPU they are rounded to 8 bits, partial ones, too. An entry that is rounded to nearest
    differs by 2^-9 of itself at most, and so does a vector.
    """
    import torch

    matrix = torch.from_numpy(vectors)
    rounding = 2.0**-8 + 2.0**-18 + 1.01 * _gamma(vectors.shape[1])
    if device != "cpu":
        matrix, rounding = matrix.bfloat16(), rounding + 1.02 * 2.0**-6
    return Filter(name="bf16", matrix=matrix, slack=rounding * sizes.max() ** 2 + _unevenness(sizes))


def int8(vectors: NDArray[np.float32], sizes: NDArray[np.float64]) -> Filter:
    """The vectors in steps of one size, integers from -127 to 127; larger entries are cut and count as errors."""
    import torch

    count, dim = vectors.shape
    chosen = vectors[np.random.default_rng(0).integers(0, count, min(count, SAMPLE))]
    step = max(float(np.quantile(np.abs(chosen), 0.9999)), 1e-6) / 127
    matrix = torch.zeros((count, -(-dim // 8) * 8), dtype=torch.int8)
    errors = np.empty(count, np.float32)
    for at in range(0, count, BLOCK):
        rows = torch.from_numpy(vectors[at : at + BLOCK])
        steps = (rows / step).round_().clamp_(-127, 127)
        matrix[at : at + BLOCK, :dim] = steps.to(torch.int8)
        errors[at : at + BLOCK] = (rows - steps * step).norm(dim=1).numpy() * (1 + 1e-4) + 1e-6
    return Filter(name="int8", matrix=matrix, scale=step**2, slack=1e-6 + _unevenness(sizes), errors=errors)


def axes(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Principal axes about the origin, of a sample: float32 [dim, dim], the longest first."""
    import torch

    rows = np.random.default_rng(0).choice(len(vectors), min(len(vectors), SAMPLE), replace=False)
    sample = torch.from_numpy(vectors[rows])
    turned: NDArray[np.float64] = torch.linalg.eigh((sample.T @ sample).double())[1].numpy()
    return np.ascontiguousarray(turned.T[::-1], np.float32)


def prefix(vectors: NDArray[np.float32], sizes: NDArray[np.float64], basis: NDArray[np.float32]) -> Filter:
    """Coordinates along a few axes, and the length of the rest as one more.

    By Cauchy-Schwarz the rests of two vectors add at most the product of their lengths, which is what the last
    coordinate adds to the product of the stand-ins.

    Args:
        vectors: float32 [n, dim].
        sizes: float64 [n], their lengths.
        basis: float32 [p, dim], orthonormal but for rounding, which the bound accounts for.
    """
    import torch

    count, dim = len(basis), vectors.shape[1]
    exact = basis.astype(np.float64)
    skew = float(np.linalg.norm(exact @ exact.T - np.eye(count))) + 1e-12
    longest = float(sizes.max())
    off = _gamma(dim) * np.sqrt(count) * longest * (1 + skew)  # length of what float32 does to the coordinates
    matrix = torch.empty((len(vectors), count + 1))
    turn = torch.from_numpy(basis).T
    for at in range(0, len(vectors), BLOCK):
        found = torch.from_numpy(vectors[at : at + BLOCK]) @ turn
        matrix[at : at + BLOCK, :count] = found
        rest = sizes[at : at + BLOCK] ** 2 - found.double().square().sum(dim=1).numpy()
        rest = np.maximum(rest, 0) + 2 * off * (longest + off) + skew * longest**2
        matrix[at : at + BLOCK, count] = torch.from_numpy(np.sqrt(rest) * (1 + 1e-6))
    slack = 2 * off * (longest + off) + off**2 + (skew + 1.1 * _gamma(count + 1)) * longest**2
    return Filter(name="prefix", matrix=matrix, slack=slack + _unevenness(sizes))


def _gamma(terms: int) -> float:
    return terms * 2.0**-24 / (1 - terms * 2.0**-24)


def _unevenness(sizes: NDArray[np.float64]) -> float:
    """How far a product of rows can be from their cosine, since their lengths are not quite 1; and its rounding."""
    return max(float(sizes.max()) ** 2 - 1, 1 - float(sizes.min()) ** 2, 0.0) + 2.0**-23
