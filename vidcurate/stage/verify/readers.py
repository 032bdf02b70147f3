"""How each library that people train with opens shards, and the keys that it then yields."""

from __future__ import annotations

import importlib
import json
import tarfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from vidcurate.sharder.base import Subset

UNBOUNDED = 2**62
"""Bytes of litdata's cache, which for a local dataset is the dataset: it deletes chunks beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """A library that reads shards.

    Attributes:
        module: that must be there.
        sharders: names of those whose shards it reads.
        keys: the keys of all samples in some local files, as the library yields them.
        package: what pip calls it.
        index: name of the file, below the sharder's folder, by which it opens the whole dataset; empty where it takes
            the shards themselves.
    """

    module: str
    sharders: tuple[str, ...]
    keys: Callable[[Sequence[Path]], Iterable[str]]
    package: str
    index: str = ""

    @property
    def absence(self) -> str:
        """Why it cannot be imported; empty if it can."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                importlib.import_module(self.module)
            except Exception as error:  # whatever a library raises costs no other its turn
                missing = isinstance(error, ModuleNotFoundError) and f"{self.module}.".startswith(f"{error.name}.")
                return "not installed" if missing else f"cannot be imported: {type(error).__name__}: {error}"
        return ""


def _webdataset(paths: Sequence[Path]) -> Iterator[str]:
    import webdataset

    samples = webdataset.WebDataset([str(path) for path in paths], shardshuffle=False, empty_check=False)
    return (sample["__key__"] for sample in samples)


def _tarfile(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        with tarfile.open(path) as tar:
            yield from (name.removesuffix(".json") for name in tar.getnames() if name.endswith(".json"))


def _datasets(paths: Sequence[Path]) -> Iterator[str]:
    import datasets

    files = {"train": [str(path) for path in paths]}
    rows = datasets.load_dataset("webdataset", data_files=files, split="train", streaming=True)
    return (row["__key__"] for row in rows.select_columns(["__key__"]))


def _wids(paths: Sequence[Path]) -> Iterator[str]:
    import wids

    for path in paths:
        dataset = wids.ShardListDataset(str(path), localname=lambda url: url, transformations=[])
        try:
            yield from (dataset[number]["__key__"] for number in range(len(dataset)))
        finally:
            dataset.close()


def _vidcurate(paths: Sequence[Path]) -> Iterator[str]:
    """As `vidcurate.data.VideoData` reads, through the side-cars, but for the decoding."""
    import numpy as np
    import torch

    from vidcurate.data.clips import Clips
    from vidcurate.data.frames import View
    from vidcurate.data.shards import Shards

    class Unseen(View):
        def __call__(self, clip: bytes, aspect: str = "") -> torch.Tensor:
            return torch.empty(0)

    for path in paths:
        shards = Shards(str(path.parent))
        for listed in map(shards.listed, get_args(Subset)):
            clips = Clips(shards, listed, Unseen(), on_error="raise")
            samples = ((number, row) for number, shard in enumerate(listed) for row in range(shard.num_samples))
            for sample in samples:
                batch, _ = clips.read(np.array([sample], np.int32))
                yield from batch["key"] if batch is not None else ()


def _energon(paths: Sequence[Path]) -> Iterator[str]:
    from megatron import energon

    worker = energon.WorkerConfig(rank=0, world_size=1, num_workers=0)
    for path in paths:
        parts = json.loads(path.read_text())["split_parts"]
        for part in (name for name, tars in parts.items() if tars):  # it refuses empty ones
            opened = energon.get_val_dataset(path.parents[1], split_part=part, worker_config=worker, batch_size=None)
            yield from (sample.__key__ for sample in energon.get_loader(opened))


def _litdata(paths: Sequence[Path]) -> Iterator[str]:
    import litdata

    for path in paths:
        index = json.loads(path.read_text())
        folders = [""] if "chunks" in index else sorted({entry["subset"] for entry in index["shards"]})
        for folder in folders:
            opened = litdata.StreamingDataset(str(path.parent / folder), max_cache_size=UNBOUNDED)
            yield from (item["key"] for item in opened)


LOADERS: Mapping[str, Loader] = {
    "webdataset": Loader(module="webdataset", sharders=("webdataset",), keys=_webdataset, package="webdataset"),
    "tarfile": Loader(module="tarfile", sharders=("webdataset",), keys=_tarfile, package="python"),
    "wids": Loader(module="wids", sharders=("webdataset",), keys=_wids, package="wids", index="wids.json"),
    "datasets": Loader(module="datasets", sharders=("webdataset",), keys=_datasets, package="datasets"),
    "vidcurate": Loader(
        module="vidcurate.data.clips",
        sharders=("webdataset",),
        keys=_vidcurate,
        package="vidcurate",
        index="index.json",
    ),
    "megatron-energon": Loader(
        module="megatron.energon",
        sharders=("webdataset",),
        keys=_energon,
        package="megatron-energon",
        index=".nv-meta/split.yaml",
    ),
    "litdata": Loader(module="litdata", sharders=("litdata",), keys=_litdata, package="litdata", index="index.json"),
}
"""By the name that `verify.loaders` knows."""
