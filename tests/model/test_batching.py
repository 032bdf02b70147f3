from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from vidcurate.model.batching import halving


def fits(most: int, batches: list[int]):
    """A run that fails on batches of more than `most` items."""

    def run(batch: Sequence[int]) -> list[int]:
        batches.append(len(batch))
        if len(batch) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [item * 10 for item in batch]

    return run


def test_a_batch_that_does_not_fit_is_halved_and_no_item_is_lost():
    tried: list[int] = []

    results = halving(8, range(11), fits(3, tried))

    assert results == [item * 10 for item in range(11)]
    assert tried == [8, 4, 2, 2, 2, 2, 2, 1]


def test_one_item_that_does_not_fit_is_an_error():
    with pytest.raises(torch.OutOfMemoryError, match="CUDA out of memory"):
        halving(4, range(4), fits(0, []))


def test_nothing_is_run_for_no_item():
    assert halving(4, [], fits(0, [])) == []
