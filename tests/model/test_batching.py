from __future__ import annotations

import pytest
import torch

from vidcurate.model.batching import batched


class Device:
    """Doubles numbers; has memory for a few at a time."""

    def __init__(self, room: int) -> None:
        self.room, self.shown = room, []

    def __call__(self, batch):
        self.shown.append(len(batch))
        if len(batch) > self.room:
            raise torch.OutOfMemoryError("a tensor does not fit")
        return [2 * item for item in batch]


def test_outputs_come_in_the_order_of_the_items():
    device = Device(room=3)

    assert batched(range(7), 3, device) == [0, 2, 4, 6, 8, 10, 12]
    assert device.shown == [3, 3, 1]


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost_or_done_twice():
    device = Device(room=2)

    assert batched(range(9), 8, device) == [2 * item for item in range(9)]
    assert device.shown == [8, 4, 2, 2, 2, 2, 1]


def test_an_item_that_does_not_fit_alone_ends_it():
    with pytest.raises(torch.OutOfMemoryError, match="does not fit"):
        batched([1, 2], 2, Device(room=0))


def test_no_item_is_not_shown():
    device = Device(room=1)

    assert batched([], 4, device) == []
    assert device.shown == []
