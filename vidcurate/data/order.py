"""The order in which an epoch's batches come: a pure function of the seed, the epoch, the rank and the world's size.

Nothing is buffered: shards are permuted, and the samples of `window` neighbouring shards among each other, by number.
So any batch can be named without those before it, which is what makes a resumed epoch the exact tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ConfigError

Even = Literal["pad", "drop", "none"]


_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a rank reads in an epoch, batch by batch.

    Attributes:
        samples: int32 [n, 2], the number of a shard and of a row in it; those of other ranks are there too.
        starts: int64 [m], of each batch, the first of its samples.
        stops: int64 [m], the end of its samples.
    """

    samples: NDArray[np.int32]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> NDArray[np.int32]:
        return self.samples[self.starts[index] : self.stops[index]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How samples become batches.

    Attributes:
        batch_size: samples in a batch; the last one of each group has what is left.
        shuffle: whether epochs differ and mix samples; else they come as `index.json` and the tars have them.
        seed: of the shuffle.
        window: shards whose samples are mixed.
        even: what is done where batches do not divide by the number of ranks, which must all take as many steps:
            `pad` repeats batches of this epoch's beginning, `drop` leaves out its last, `none` hands out every batch
            once, and some ranks one more than others.
        drop_last: whether the batches that have less than `batch_size` samples are left out.
    """

    batch_size: int
    shuffle: bool = True
    seed: int = 0
    window: int = 16
    even: Even = "pad"
    drop_last: bool = False

    def __post_init__(self) -> None:
        low = [f"{name}={getattr(self, name)!r}" for name in ("batch_size", "window") if getattr(self, name) < 1]
        problems = [f"{given}: expected 1 or more" for given in low]
        if self.even not in get_args(Even):
            problems.append(f"even={self.even!r}: expected one of {', '.join(get_args(Even))}")
        if problems:
            raise ConfigError(problems)

    def num_batches(self, counts: Sequence[int], groups: Sequence[str], rank: int, world: int) -> int:
        """Batches that a rank takes in an epoch.

        Args:
            counts: samples of each shard.
            groups: of each shard; a batch holds samples of one group.
            rank: from 0.
            world: number of ranks.
        """
        sizes = [
            sum(count for count, other in zip(counts, groups, strict=True) if other == group) for group in set(groups)
        ]
        total = sum(size // self.batch_size if self.drop_last else -(-size // self.batch_size) for size in sizes)
        return len(self._dealt(total, rank, world))

    def plan(self, rows: Sequence[NDArray[np.int32]], groups: Sequence[str], epoch: int, rank: int, world: int) -> Plan:
        """What a rank reads in an epoch.

        Args:
            rows: of each shard, the numbers of its samples that are wanted.
            groups: of each shard.
            epoch: from 0.
            rank: from 0.
            world: number of ranks.
        """
        rng = np.random.default_rng([self.seed, epoch])
        turn = rng.permutation(len(rows)) if self.shuffle else np.arange(len(rows))
        members = [
            self._mixed([int(shard) for shard in turn if groups[shard] == group], rows, rng)
            for group in sorted(set(groups))
        ]
        ends = np.cumsum([0, *map(len, members)])
        cuts = [self._cuts(len(samples)) for samples in members]
        starts = np.concatenate([cut + end for cut, end in zip(cuts, ends[:-1], strict=True)] or [_NONE])
        stops = np.concatenate(
            [
                np.minimum(cut + self.batch_size, len(own)) + end
                for cut, own, end in zip(cuts, members, ends, strict=False)
            ]
            or [_NONE]
        )
        labels = np.repeat(np.arange(len(cuts)), [len(cut) for cut in cuts])
        if self.shuffle:
            rng.shuffle(labels)  # which group is next; the batches of each stay in their order
        turns = np.argsort(np.argsort(labels, kind="stable"))[self._dealt(len(labels), rank, world)]
        samples = np.concatenate([np.empty((0, 2), np.int32), *members])
        return Plan(samples, starts[turns], stops[turns])

    def _mixed(
        self, shards: Sequence[int], rows: Sequence[NDArray[np.int32]], rng: np.random.Generator
    ) -> NDArray[np.int32]:
        mixed = []
        for first in range(0, len(shards), self.window):
            window = shards[first : first + self.window]
            pairs = np.concatenate([np.stack([np.full_like(rows[s], s), rows[s]], axis=1) for s in window])
            mixed.append(rng.permutation(pairs) if self.shuffle else pairs)
        return np.concatenate(mixed)

    def _cuts(self, num_samples: int) -> NDArray[np.int64]:
        starts = np.arange(0, num_samples, self.batch_size)
        return starts[starts + self.batch_size <= num_samples] if self.drop_last else starts

    def _dealt(self, total: int, rank: int, world: int) -> NDArray[np.int64]:
        """Numbers of the batches that a rank takes, one of every `world` in turn."""
        if self.even == "drop":
            total -= total % world
        if self.even == "pad" and total:
            return np.arange(rank, -(-total // world) * world, world) % total
        return np.arange(rank, total, world)
