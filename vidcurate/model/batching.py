"""Many items through a network, a batch at a time; a batch that does not fit into the device's memory is halved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Output = TypeVar("Output")

log = logging.getLogger(__name__)


def batched(items: Sequence[Item], size: int, run: Callable[[Sequence[Item]], Sequence[Output]]) -> list[Output]:
    """One output per item, in the order of the items.

    Args:
        items: what is shown to the network.
        size: items that are shown at once, 1 or more; halved, for this call, whenever they are too many.
        run: shows a batch and returns as many outputs, on the CPU.

    Raises:
        torch.OutOfMemoryError: a single item is too much.
    """
    outputs: list[Output] = []
    while len(outputs) < len(items):
        batch = items[len(outputs) : len(outputs) + size]
        answers = _tried(run, batch)
        if answers is None:
            size = len(batch) // 2
            log.warning("%d items do not fit into the device's memory; going on with %d at a time", len(batch), size)
        else:
            outputs.extend(answers)
    return outputs


def _tried(run: Callable[[Sequence[Item]], Sequence[Output]], batch: Sequence[Item]) -> Sequence[Output] | None:
    """The outputs; None if memory did not suffice. On return the error, whose frames hold tensors, is gone."""
    import torch

    try:
        return run(batch)
    except torch.OutOfMemoryError:
        if len(batch) == 1:
            raise
    torch.cuda.empty_cache()
    return None
