"""What every k-means here shares: how many clusters, which rows are fitted, where it starts, and which row goes where.

Rows are known by what they hold, not by where they stand: a seeded hash of each says which are fitted, in which order,
and which are the first centroids. Hence equal rows share a cluster and are fitted once, and the order of the rows does
not show in the clusters, unless `fit_rows` is null.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pydantic
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from vidcurate.cluster.base import BLOCK, Cluster, Clusters, Fit, blocks, check_vectors
from vidcurate.registry import Count, settings

if TYPE_CHECKING:
    from torch import Tensor

ROWS_PER_CLUSTER = 1000
"""What `k: auto` aims at: comparing within a cluster then costs about as much as finding it."""
CANDIDATES = 16
"""Rows per centroid among which the first centroids are sought."""
SCORES = 2**24
"""Numbers that assigning holds at a time, 64 MiB."""

Train = Callable[[NDArray[np.float32], NDArray[np.float32], int], NDArray[np.float32]]
"""(float32 [m, dim] rows to fit, float32 [k, dim] first centroids with 1 < k < m, seed) -> float32 [k, dim]."""


def _wanted(value: object) -> object:
    if value == "auto" or (isinstance(value, int) and value >= 1):
        return value
    raise PydanticCustomError("wanted", "Input should be a whole number, 1 or more, or auto")


Wanted = Annotated[int | Literal["auto"], pydantic.BeforeValidator(_wanted)]
"""A number of clusters, or `auto`; one message for both where two of pydantic's would contradict each other."""


@settings
class KMeansCluster(Cluster):
    """Clusters of the rows that are nearest to one of k centroids.

    Attributes:
        k: clusters wanted; fewer come out where there are fewer distinct vectors. `auto` is n / 1000, rounded.
        fit_rows: centroids are fitted to at most so many distinct vectors (k, if that is more). None takes all as they
            stand, without a copy; their order then shows in the last bits of the sums.
        restarts: starts from so many choices of rows, of which the tightest clustering is taken.
    """

    k: Wanted = "auto"
    fit_rows: Count | None = 100_000
    restarts: Count = 3

    @abstractmethod
    def trainer(self, device: str) -> Train:
        """The function that improves centroids."""

    def load(self, device: str) -> Fit:
        """The function that groups.

        Raises:
            MissingExtra: see `check`.
        """
        self.check()
        return partial(
            _fit, settings=self, part=partial(parts, settings=self, train=self.trainer(device), device=device)
        )


def _fit(
    vectors: NDArray[np.float32], seed: int, *, settings: KMeansCluster, part: Callable[..., NDArray[np.intp]]
) -> Clusters:
    check_vectors(vectors)
    k = max(1, round(len(vectors) / ROWS_PER_CLUSTER)) if settings.k == "auto" else settings.k
    labels = part(vectors, row_keys(vectors, seed), np.arange(len(vectors)), k, seed)
    return Clusters.of(vectors, labels)


def row_keys(vectors: NDArray[np.float32], seed: int) -> NDArray[np.uint64]:
    """A number per row that depends on what it holds and the seed: uint64 [n]; equal rows, equal numbers."""
    salt = (seed % 2**64).to_bytes(8, "little")
    keys = np.empty(len(vectors), np.uint64)
    for start in range(0, len(vectors), BLOCK):
        rows = np.ascontiguousarray(vectors[start : start + BLOCK] + np.float32(0))  # -0 becomes 0
        digests = [hashlib.blake2b(row, digest_size=8, key=salt).digest() for row in rows]
        keys[start : start + BLOCK] = np.frombuffer(b"".join(digests), np.uint64)
    return keys


def parts(
    vectors: NDArray[np.float32],
    keys: NDArray[np.uint64],
    rows: NDArray[np.intp],
    k: int,
    seed: int,
    *,
    settings: KMeansCluster,
    train: Train,
    device: str,
) -> NDArray[np.intp]:
    """Part rows in k or fewer.

    Args:
        vectors: float32 [n, dim].
        keys: uint64 [n], by `row_keys`.
        rows: int64 [m], those to part, each once.
        k: parts wanted, 1 or more.
        seed: of the algorithm's own choices.
        settings: `fit_rows` and `restarts` count.
        train: the algorithm.
        device: where rows are assigned.

    Returns:
        Int64 [m], part of each row, in [0, k); some may be empty. Where there are no more than k distinct rows, each
        has a part of its own.
    """
    _, first, place = np.unique(keys[rows], return_index=True, return_inverse=True)
    if k == 1:
        return np.zeros(len(rows), np.intp)
    if len(first) <= k:
        return place
    pool = rows[first[: None if settings.fit_rows is None else max(settings.fit_rows, k)]]
    whole = settings.fit_rows is None and len(rows) == len(vectors)
    sample = vectors if whole else vectors[pool]
    tried = []
    for number in range(settings.restarts):
        start = spread(vectors[pool[: CANDIDATES * k]], k, seed + number)
        centroids = train(sample, start, seed + number)
        gain = nearest(sample, np.arange(len(sample)), centroids, device)[1] if settings.restarts > 1 else 0.0
        tried.append((gain, -number, centroids))
    labels, _ = nearest(vectors, rows, max(tried, key=lambda entry: entry[:2])[2], device)
    return labels[first][place]  # equal rows could part by a rounding


def spread(rows: NDArray[np.float32], k: int, seed: int) -> NDArray[np.float32]:
    """Rows that lie apart: each is drawn with a chance that rises with its squared distance to those before.

    Args:
        rows: float32 [m, dim], of unit length and distinct, m >= k.
        k: rows wanted.
        seed: of the draws.

    Returns:
        float32 [k, dim].

    Source: Arthur and Vassilvitskii 2007, k-means++: the advantages of careful seeding.
    """
    random = np.random.default_rng(seed % 2**63)
    chosen = [int(random.integers(len(rows)))]
    far = np.full(len(rows), np.inf)
    while len(chosen) < k:
        far = np.minimum(far, 2.0 - 2.0 * (rows @ rows[chosen[-1]]).clip(max=1.0))
        far[chosen] = 0.0
        total = far.sum()
        if total > 0:
            chosen.append(int(random.choice(len(rows), p=far / total)))
        else:  # distinct, but not by what float32 tells
            chosen.append(min(set(range(len(rows))) - set(chosen)))
    return rows[chosen]


def nearest(
    vectors: NDArray[np.float32], rows: NDArray[np.intp], centroids: NDArray[np.float32], device: str
) -> tuple[NDArray[np.intp], float]:
    """The nearest centroid of each row, in blocks.

    Returns:
        Int64 [m], and the mean over rows of x.c - |c|^2 / 2, which rises as the squared distance falls.
    """
    import torch

    labels = np.empty(len(rows), np.intp)
    total = 0.0
    with torch.inference_mode():
        targets = torch.from_numpy(centroids).to(device)
        offsets = (targets * targets).sum(dim=1) / 2
        done = 0
        for block in blocks(rows, max(1, min(BLOCK, SCORES // len(centroids)))):
            points = torch.from_numpy(vectors[block]).to(device)
            found = (products(points, targets) - offsets).max(dim=1)
            labels[done : done + len(block)] = found.indices.cpu().numpy()
            total += found.values.sum(dtype=torch.float64).item()
            done += len(block)
    return labels, total / len(rows)


def products(points: Tensor, centroids: Tensor) -> Tensor:
    """Scalar products of points and centroids, float32 [m, k], on their device."""
    import torch

    if points.device.type == "cpu":  # numpy's OpenBLAS is 1.7 times as fast on AMD as torch's MKL
        return torch.from_numpy(points.numpy() @ centroids.numpy().T)
    return points @ centroids.T
