"""Batches that fit the memory of the device, found out by trying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def halving(batch_size: int, items: Sequence[Item], run: Callable[[Sequence[Item]], Sequence[Result]]) -> list[Result]:
    """Run items in batches; where the device's memory does not suffice, a batch is halved and tried again.

    Args:
        batch_size: items of a batch to begin with.
        items: in the order of the results.
        run: a batch -> as many results.

    Raises:
        torch.OutOfMemoryError: not even one item fits.
    """
    results: list[Result] = []
    while len(results) < len(items):
        batch = items[len(results) : len(results) + batch_size]
        try:
            results += run(batch)
            continue
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
        # Outside of `except`, where the traceback would keep the batch's tensors alive.
        batch_size = len(batch) // 2
        torch.cuda.empty_cache()
    return results
