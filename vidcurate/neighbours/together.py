"""Small clusters as `earlier` compares large ones, but many at a time: calls would take longer than their products.

Clusters of about one size are filled up to it, and multiplied by one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vidcurate.neighbours.best import Best
from vidcurate.neighbours.earlier import STRIP, WIDTH, keep, on_and_above
from vidcurate.neighbours.filters import Filter
from vidcurate.neighbours.tiles import GRAIN, filled, whole
from vidcurate.neighbours.verify import Task

SMALL = STRIP
"""Rows of a cluster that is not compared by itself, at most."""
ROWS = 4096
"""Rows of a batch, at most."""

Cluster: TypeAlias = NDArray[np.intp]


def batches(clusters: Iterable[Cluster]) -> Iterator[list[Cluster]]:
    """Those clusters that fill up to one size, as many as go together; one of one row has nothing to compare."""
    several = sorted((rows for rows in clusters if len(rows) > 1), key=len)
    for size, alike in groupby(several, key=lambda rows: _size(len(rows))):
        same, count = list(alike), max(1, min(ROWS // size, STRIP * WIDTH // size**2))
        yield from (same[at : at + count] for at in range(0, len(same), count))


def cost(batch: list[Cluster]) -> int:
    """Products that a batch takes."""
    return len(batch) * _size(len(batch[0])) ** 2


def together(task: Task, chosen: Filter, batch: list[Cluster]) -> None:
    """Compare the rows of each cluster with those of it that come before them.

    Args:
        task: what is compared; `nearest` is filled in.
        chosen: stand-ins of all rows, without errors of their own: fp32, or bf16.
        batch: of `batches`, each in order of rank.
    """
    import torch

    count, size = len(batch), _size(len(batch[0]))
    width = min(size, GRAIN)
    places = np.concatenate([filled(rows, size) for rows in batch])
    block = chosen.matrix.index_select(0, torch.from_numpy(places)).to(task.device).view(count, size, -1)
    tile = torch.bmm(block, block.mT).float().add_(on_and_above(STRIP, task.device)[:size, :size])
    patches = tile.view(len(places), -1, width)
    highest = patches.amax(dim=2).cpu().double().numpy()
    filling = np.arange(size) >= np.array([[len(rows)] for rows in batch])
    highest[filling.ravel()] = -np.inf
    best, offset = Best(places), np.repeat(np.arange(count) * (size // width), size)
    keep(task, chosen, best, places, patches, highest, highest.max(axis=1), offset)
    assert task.nearest is not None
    best.write(task.nearest)


def _size(rows: int) -> int:
    """Rows with those that fill them up to a whole GRAIN, or to a power of two below: for few sizes in all."""
    return whole(rows) if rows > GRAIN // 2 else 1 << (rows - 1).bit_length()
