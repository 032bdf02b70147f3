"""Hands out an epoch's batches in their order, whatever the number of workers, and knows how many it has handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from vidcurate.data.clips import Batch, Clips
from vidcurate.data.order import Order
from vidcurate.errors import DecodeError


class Position:
    """How far training has come.

    Attributes:
        epoch: from 0.
        batches: of this epoch that each rank has handed out.
    """

    def __init__(self) -> None:
        self.epoch = self.batches = 0
        self._moved = True

    def move(self, epoch: int, batches: int) -> None:
        """Go to a place from which the next iteration goes on."""
        self.epoch, self.batches, self._moved = epoch, batches, True

    def begin(self) -> None:
        """Begin an iteration: where one has been moved to, else with the next epoch, if this one was begun."""
        if not self._moved and self.batches:
            self.epoch, self.batches = self.epoch + 1, 0
        self._moved = False


class Epochs(IterableDataset[Batch]):
    """The batches of one rank; every worker reads those that are its turn, which PyTorch hands out in this order.

    Args:
        clips: reads samples.
        order: of the samples.
        rows: of each shard, the numbers of the samples that are wanted.
        groups: of each shard; a batch holds samples of one group.
        rank: from 0.
        world: number of ranks.
        workers: number of processes that read, or 0.
    """

    def __init__(
        self,
        clips: Clips,
        order: Order,
        rows: Sequence[NDArray[np.int32]],
        groups: Sequence[str],
        *,
        rank: int,
        world: int,
        workers: int,
    ) -> None:
        self._clips, self._order, self._rows, self._groups = clips, order, rows, groups
        self._rank, self._world = rank, world
        # Shared with workers that live on from epoch to epoch.
        self._start = _shared(2)
        self._broken = _shared(max(1, workers))

    def start_at(self, epoch: int, batches: int) -> None:
        """Where the next iteration begins."""
        self._start[:] = torch.tensor([epoch, batches])

    @property
    def broken(self) -> int:
        """Clips that could not be decoded, read ahead ones included."""
        return int(self._broken.sum())

    def __iter__(self) -> Iterator[Batch]:
        epoch, start = self._start.tolist()
        return self._batches(epoch, start)  # the place is read before the generator is asked for anything

    def _batches(self, epoch: int, start: int) -> Iterator[Batch]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        plan = self._order.plan(self._rows, self._groups, epoch, self._rank, self._world)
        for index in range(start + number, len(plan), workers):
            # A batch without one clip that can be decoded is replaced by the next, for other ranks wait for this one.
            for place in range(index, index + len(plan)):
                batch, broken = self._clips.read(plan[place % len(plan)])
                self._broken[number] += broken
                if batch is not None:
                    yield batch
                    break
            else:
                raise DecodeError(f"none of the {len(plan)} batches of epoch {epoch} has a clip that can be decoded")


def _shared(count: int) -> torch.Tensor:
    numbers: torch.Tensor = torch.zeros(count, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]  # PyTorch's
    return numbers


class Loader:
    """Batches of one epoch after the other; each iteration is an epoch, the first may begin amid one.

    Args:
        epochs: reads them.
        length: batches of a whole epoch.
        position: is moved on with every batch that is handed out; None begins every iteration alike.
        state: gives what `state_dict` returns.
        load: takes it.
        options: of `torch.utils.data.DataLoader`.
    """

    def __init__(
        self,
        epochs: Epochs,
        length: int,
        position: Position | None = None,
        *,
        state: Callable[[], dict[str, Any]] = dict,
        load: Callable[[dict[str, Any]], None] = lambda state: None,
        **options: Any,
    ) -> None:
        self._epochs, self._length, self._position, self._state, self._load = epochs, length, position, state, load
        self._loader: DataLoader[Batch] = DataLoader(epochs, batch_size=None, **options)

    def __len__(self) -> int:
        """Batches of a whole epoch, wherever the next iteration begins."""
        return self._length

    def __iter__(self) -> Iterator[Batch]:
        position = self._position or Position()
        position.begin()
        self._epochs.start_at(position.epoch, position.batches)
        for batch in self._loader:
            position.batches += 1
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """How far training has come."""
        return self._state()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._load(state)
