"""K-means in torch, on any device: Lloyd's rounds over all fitted rows, or over a mini-batch at a time.

Rows are assigned by one matrix product per block; sums are added row by row on the CPU and by a product on a GPU, so
that equal arguments give equal clusters on either. A centroid that loses all its rows moves to the row that is
farthest from its own. Mini-batches as in Sculley 2010, Web-scale k-means clustering: a centroid is the mean of all rows
that were ever assigned to it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import BLOCK, blocks
from vidcurate.cluster.centroids import SCORES, KMeansCluster, Train, products
from vidcurate.registry import Count, register

if TYPE_CHECKING:
    from torch import Tensor

IMPROVEMENT = 1e-6
"""Rise of the mean score below which rounds over all rows end; scores are within 1 of each other."""


@register
class TorchKMeans(KMeansCluster):
    """K-means by torch.

    Attributes:
        metric: `l2`, or `cosine`, whose centroids have unit length.
        iterations: at most so many rounds.
        batch_rows: rows that a round looks at; None: all that are fitted, and it ends when nothing improves.
        precision: of the products by which rows are assigned while fitting; `bf16` needs hardware that multiplies it,
            elsewhere it is slower. The last assignment is in fp32.
    """

    metric: Literal["l2", "cosine"] = "l2"
    iterations: Count = 30
    batch_rows: Count | None = None
    precision: Literal["fp32", "bf16"] = "fp32"

    def trainer(self, device: str) -> Train:
        """The function that improves centroids on `device`."""
        return partial(_train, settings=self, device=device)


def _train(
    sample: NDArray[np.float32], start: NDArray[np.float32], seed: int, *, settings: TorchKMeans, device: str
) -> NDArray[np.float32]:
    import torch

    random = np.random.default_rng(seed % 2**63)
    batch = settings.batch_rows is not None and settings.batch_rows < len(sample)
    with torch.inference_mode():
        centroids = _scaled(torch.tensor(start, device=device), settings.metric)
        seen = torch.zeros(len(start), dtype=torch.float64, device=device)
        rows, best = np.arange(len(sample)), -np.inf
        for _ in range(settings.iterations):
            if batch:
                rows = np.sort(random.choice(len(sample), settings.batch_rows, replace=False))
            sums, counts, scores = _assigned(sample, rows, centroids, settings.precision)
            seen = seen + counts if batch else counts
            held = (counts > 0)[:, None]
            pulled = (sums - counts[:, None] * centroids) / seen.clamp(min=1)[:, None]
            centroids = torch.where(held, centroids + pulled, centroids).float()
            centroids = _reseeded(centroids, seen == 0, sample, rows, scores)
            centroids = _scaled(centroids, settings.metric)
            gain = scores.mean(dtype=torch.float64).item()
            if not batch and gain - best < IMPROVEMENT and bool((counts > 0).all()):
                break
            best = max(best, gain)
    found: NDArray[np.float32] = centroids.cpu().numpy()
    return found


def _assigned(
    sample: NDArray[np.float32], rows: NDArray[np.intp], centroids: Tensor, precision: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Sums float32 [k, dim] and counts float64 [k] of the rows nearest to each centroid; scores float32 [m]."""
    import torch

    k, device = len(centroids), centroids.device
    offsets = (centroids * centroids).sum(dim=1) / 2
    sums, counts = torch.zeros_like(centroids), torch.zeros(k, dtype=torch.float64, device=device)
    scores = []
    for block in blocks(rows, max(1, min(BLOCK, SCORES // k))):
        points = torch.from_numpy(sample[block]).to(device)
        if precision == "bf16":
            scored = (points.bfloat16() @ centroids.bfloat16().T).float()
        else:
            scored = products(points, centroids)
        found = (scored - offsets).max(dim=1)
        if device.type == "cpu":
            sums.index_add_(0, found.indices, points)
        else:  # index_add_ adds there in any order
            sums.addmm_(torch.nn.functional.one_hot(found.indices, k).float().T, points)
        counts += torch.bincount(found.indices, minlength=k)
        scores.append(found.values)
    return sums, counts, torch.cat(scores)


def _reseeded(
    centroids: Tensor, empty: Tensor, sample: NDArray[np.float32], rows: NDArray[np.intp], scores: Tensor
) -> Tensor:
    """The centroids, the empty ones moved to the rows of lowest score."""
    import torch

    wanted = torch.nonzero(empty)[:, 0]
    if not len(wanted):
        return centroids
    far = scores.cpu().numpy().argsort(kind="stable")[: len(wanted)]
    moved = centroids.clone()
    moved[wanted[: len(far)]] = torch.tensor(sample[rows[far]], device=centroids.device)
    return moved


def _scaled(centroids: Tensor, metric: str) -> Tensor:
    if metric == "l2":
        return centroids
    import torch

    return torch.nn.functional.normalize(centroids)
