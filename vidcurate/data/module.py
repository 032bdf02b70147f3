"""A dataset as Lightning takes it: `VideoData` gives the loaders, and remembers how far training has come."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.trainer.states import TrainerFn
from numpy.typing import NDArray

from vidcurate.data.clips import Clips, OnError
from vidcurate.data.frames import Fit, View
from vidcurate.data.loader import Epochs, Loader, Position
from vidcurate.data.order import Even, Order
from vidcurate.data.select import Selection, Where
from vidcurate.data.shards import Shard, Shards
from vidcurate.errors import ConfigError
from vidcurate.registry import fingerprint

if TYPE_CHECKING:
    from lightning.pytorch.loops.progress import _ProcessedTracker

READERS = 16
"""Tables that are read at the same time."""


class VideoData(LightningDataModule):
    """Clips of a dataset, decoded and batched, for `Trainer.fit(model, datamodule=...)` or a loop of your own.

    Batches are `{key, video, caption, metadata}`, see `Batch`. Every iteration of the loader of `train` is an epoch, in
    an order that depends on `seed`, the epoch and the number of ranks alone, not on the number of workers.

    Args:
        path: root of the dataset or its folder `webdataset/v0`; local, or any fsspec URL.
        batch_size: clips in a batch; the last one of an epoch, and of each bin, may have less.
        num_workers: processes that read and decode.
        frames: images of each clip, evenly spread; with `fps`, at most so many.
        fps: images a second.
        height: of the images in pixels; None leaves their size as it is, and batches are lists where sizes differ.
        width: likewise.
        fit: `crop` the centre to the shape, or `stretch` it.
        sizes: height and width by bin of aspect, e.g. `{"16_9": (256, 448), "9_16": (448, 256)}`.
        scale: float32 in [0, 1] instead of uint8.
        device: `cuda` decodes on the GPU of the rank, by torchcodec; it takes `num_workers=0`.
        min_caption: characters that captions have at least.
        where: bounds, e.g. `{"duration": (2, 10), "score_motion.motion": (0.1, None)}`, of numbers in the shards'
            tables, or a function of a row of these; see `Selection`.
        captions: name of captions that lie beside the dataset, in place of its own.
        bucket: bins that all clips of a batch share, of those that the dataset is binned by, e.g. `("aspect",)`.
        shuffle: whether the clips of `train` are mixed.
        window: shards whose clips are mixed.
        seed: of the shuffle.
        even: where batches do not divide by the ranks, `pad` them, `drop` the last or leave them (`none`).
        drop_last: whether batches of less than `batch_size` clips are left out of `train`.
        on_error: `skip` a clip that cannot be decoded, or `raise`.

    Raises:
        ConfigError: settings that contradict each other or the dataset.
        MissingInput: there is no dataset at `path`.
    """

    def __init__(
        self,
        path: str,
        *,
        batch_size: int,
        num_workers: int = 0,
        frames: int | None = 16,
        fps: float | None = None,
        height: int | None = None,
        width: int | None = None,
        fit: Fit = "crop",
        sizes: Mapping[str, tuple[int, int]] | None = None,
        scale: bool = False,
        device: str = "cpu",
        min_caption: int = 0,
        where: Where | None = None,
        captions: str | None = None,
        bucket: Collection[str] = (),
        shuffle: bool = True,
        window: int = 16,
        seed: int = 0,
        even: Even = "pad",
        drop_last: bool = False,
        on_error: OnError = "skip",
    ) -> None:
        super().__init__()
        if on_error not in get_args(OnError):
            raise ConfigError([f"on_error={on_error!r}: expected one of {', '.join(get_args(OnError))}"])
        if device != "cpu" and num_workers:
            raise ConfigError(
                [f"device={device!r}, num_workers={num_workers}: a GPU decodes where one trains; num_workers=0"]
            )
        self._view = View(
            frames=frames,
            fps=fps,
            height=height,
            width=width,
            fit=fit,
            sizes=dict(sizes or {}),
            scale=scale,
            device=device,
        )
        self._order = Order(
            batch_size=batch_size, shuffle=shuffle, seed=seed, window=window, even=even, drop_last=drop_last
        )
        self._selection = Selection(where=where, min_caption=min_caption)
        self._shards = Shards(path, captions)
        self._recaptioned, self._bucket = captions is not None, tuple(bucket)
        self._num_workers, self._on_error = num_workers, on_error
        self._position = Position()
        self._chosen: dict[str, Chosen] = {}
        self._epochs: list[Epochs] = []

    def train_dataloader(self) -> Loader:
        """Batches of `train`; the next iteration goes on where training has come to.

        Raises:
            ConfigError: no clip of `train` is wanted, or `where` or `bucket` names what samples do not have.
        """
        chosen, (rank, world) = self._choose("train"), self._ranks()
        length = self._order.num_batches([len(rows) for rows in chosen.rows], chosen.groups, rank, world)
        if not length:
            raise ConfigError(
                [f"{self._shards.root}: of {sum(shard.num_samples for shard in chosen.shards)} clips of train, "
                 f"{sum(map(len, chosen.rows))} are wanted, too few for a batch: see where, min_caption, drop_last"]
            )  # fmt: skip
        epochs = self._read(chosen, self._order)
        return Loader(
            epochs, length, self._position, state=self.state_dict, load=self.load_state_dict, **self._options()
        )

    def val_dataloader(self) -> Loader | list[Loader]:
        """Batches of `val`, never shuffled; nothing where there is none."""
        return self._evaluation("val")

    def test_dataloader(self) -> Loader | list[Loader]:
        """Batches of `test`, never shuffled; nothing where there is none."""
        return self._evaluation("test")

    @property
    def broken(self) -> int:
        """Clips of all epochs so far, batches that were read ahead included, that could not be decoded."""
        return sum(epochs.broken for epochs in self._epochs)

    def set_epoch(self, epoch: int) -> None:
        """Begin the next iteration with this epoch; without it every iteration begins the next one."""
        self._position.move(epoch, 0)

    def state_dict(self) -> dict[str, Any]:
        """How far training has come: the epoch and the batches that each rank has trained on.

        Lightning stores it in checkpoints and gives it back, to this object and, the same, to the loader; so it is a
        place to go to, not a distance to skip. A batch amid its step when training fails is not counted.
        """
        epoch, batches = self._position.epoch, self._position.batches
        chosen, (rank, world) = self._choose("train"), self._ranks()
        length: float = self._order.num_batches([len(rows) for rows in chosen.rows], chosen.groups, rank, world)
        trainer = self.trainer
        if trainer is not None and trainer.state.fn == TrainerFn.FITTING:
            progress = cast("_ProcessedTracker", trainer.fit_loop.epoch_loop.batch_progress.current)  # its default
            batches = min(batches, progress.processed)
            length = min(length, trainer.num_training_batches)
        if batches >= length > 0:
            epoch, batches = epoch + 1, 0
        return {"epoch": epoch, "batches": batches, "order": self._fingerprint()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where `state_dict` was called.

        Raises:
            ConfigError: the order is not that one: other clips, other settings, or another number of ranks.
        """
        if state_dict["order"] != self._fingerprint():
            raise ConfigError(
                ["the state is of another order: the dataset, batch_size, seed, shuffle, window, bucket, where, "
                 "min_caption, even, drop_last and the number of ranks must be those of the run that is resumed"]
            )  # fmt: skip
        self._position.move(state_dict["epoch"], state_dict["batches"])

    def _evaluation(self, subset: str) -> Loader | list[Loader]:
        order = Order(batch_size=self._order.batch_size, shuffle=False, even=self._order.even)
        chosen, (rank, world) = self._choose(subset), self._ranks()
        length = order.num_batches([len(rows) for rows in chosen.rows], chosen.groups, rank, world)
        return Loader(self._read(chosen, order), length, **self._options()) if length else []

    def _read(self, chosen: Chosen, order: Order) -> Epochs:
        rank, world = self._ranks()
        device = self._view.device
        here = f"cuda:{torch.cuda.current_device()}" if device == "cuda" else device
        clips = Clips(
            self._shards,
            chosen.shards,
            replace(self._view, device=here),
            recaptioned=self._recaptioned,
            on_error=self._on_error,
            cached=2 * order.window,
        )
        epochs = Epochs(clips, order, chosen.rows, chosen.groups, rank=rank, world=world, workers=self._num_workers)
        self._epochs.append(epochs)
        return epochs

    def _options(self) -> dict[str, Any]:
        return {
            "num_workers": self._num_workers,
            "persistent_workers": self._num_workers > 0,
            "pin_memory": self._view.device == "cpu" and torch.cuda.is_available(),
        }

    def _choose(self, subset: str) -> Chosen:
        if subset not in self._chosen:
            shards = self._shards.listed(subset)
            if self._selection.takes_all:
                rows = [np.arange(shard.num_samples, dtype=np.int32) for shard in shards]
            else:
                with ThreadPoolExecutor(READERS) as pool:
                    rows = list(pool.map(self._rows, shards))
            self._chosen[subset] = Chosen(shards, tuple(rows), tuple(self._group(shard) for shard in shards))
        return self._chosen[subset]

    def _rows(self, shard: Shard) -> NDArray[np.int32]:
        return self._selection.rows(self._shards.table(shard))

    def _group(self, shard: Shard) -> str:
        unknown = [name for name in self._bucket if name not in shard.bins]
        if unknown:
            raise ConfigError([f"bucket={self._bucket!r}: shards are binned by {', '.join(shard.bins) or 'nothing'}"])
        return "/".join(shard.bins[name] for name in self._bucket)

    def _ranks(self) -> tuple[int, int]:
        """Number of this rank, and of ranks, that see different samples."""
        sampler = self.trainer.distributed_sampler_kwargs if self.trainer is not None else None
        if sampler is not None:
            return sampler["rank"], sampler["num_replicas"]
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return torch.distributed.get_rank(), torch.distributed.get_world_size()
        return 0, 1

    def _fingerprint(self) -> str:
        chosen = self._choose("train")
        rows = [hashlib.sha256(rows.tobytes()).hexdigest() for rows in chosen.rows]
        paths = [shard.path for shard in chosen.shards]
        return fingerprint(asdict(self._order), self._ranks()[1], self._bucket, paths, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What is read of a subset: its shards, and of each the numbers of its rows and its group."""

    shards: tuple[Shard, ...]
    rows: tuple[NDArray[np.int32], ...]
    groups: tuple[str, ...]
