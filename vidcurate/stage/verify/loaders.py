"""Whether the loaders that people train with open the shards and yield every sample once."""

from __future__ import annotations

import gc
import importlib.util
import tarfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidcurate.sharder.base import Sharder
from vidcurate.stage.verify.check import Check, checked
from vidcurate.store.files import Store


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
    def is_installed(self) -> bool:
        """Whether it can be imported."""
        return importlib.util.find_spec(self.module) is not None


def check_loaders(
    store: Store,
    sharder: Sharder,
    files: Sequence[str],
    keys: Mapping[str, int],
    wanted: Literal["auto"] | Sequence[str],
    *,
    is_whole: bool,
) -> Iterator[Check]:
    """`loaders/NAME` for each loader that reads shards of this kind.

    Args:
        store: the dataset.
        sharder: wrote the shards.
        files: the shards that are sound.
        keys: how often each is in them.
        wanted: names of loaders; `auto` takes those that are installed.
        is_whole: whether these are all shards.
    """
    for name, loader in LOADERS.items():
        index = f"{sharder.folder}/{loader.index}" if loader.index else ""
        if sharder.name not in loader.sharders or (wanted != "auto" and name not in wanted):
            continue
        if not files:
            yield Check(name=f"loaders/{name}", note="no shard is sound")
        elif not store.is_local:
            yield Check(name=f"loaders/{name}", note="opens local datasets only")
        elif index and not (is_whole and store.exists(index)):
            yield Check(
                name=f"loaders/{name}", note="some shards are not sound" if store.exists(index) else f"no {index}"
            )
        elif loader.is_installed:
            paths = [Path(store.path(file)) for file in ([index] if index else files)]
            yield checked(f"loaders/{name}", _faults(loader, paths, keys))
        elif wanted == "auto":
            yield Check(name=f"loaders/{name}", note="not installed")
        else:
            yield checked(f"loaders/{name}", [f"not installed: pip install {loader.package}"])


def _faults(loader: Loader, paths: Sequence[Path], wanted: Mapping[str, int]) -> Iterator[str | None]:
    found, error = _read(loader, paths)
    if error:
        yield f"it stops after {found.total()} samples: {error}"
        return
    for key in sorted(found.keys() | wanted.keys()):
        times = found[key], wanted.get(key, 0)
        yield None if times[0] == times[1] else f"sample {key!r} comes {times[0]} times, it is there {times[1]} times"


def _read(loader: Loader, paths: Sequence[Path]) -> tuple[Counter[str], str]:
    """How often each key comes, and what has ended it before its time."""
    found: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # webdataset leaves files to the garbage collector, which says so
        try:
            found.update(loader.keys(paths))
            return found, ""
        except Exception as error:  # whatever a library raises is what this check is there to tell
            said = f"{type(error).__name__}: {error}"
        gc.collect()
    return found, said


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


LOADERS: Mapping[str, Loader] = {
    "webdataset": Loader(module="webdataset", sharders=("webdataset",), keys=_webdataset, package="webdataset"),
    "tarfile": Loader(module="tarfile", sharders=("webdataset",), keys=_tarfile, package="python"),
    "wids": Loader(module="wids", sharders=("webdataset",), keys=_wids, package="wids", index="wids.json"),
    "datasets": Loader(module="datasets", sharders=("webdataset",), keys=_datasets, package="datasets"),
}
"""By the name that `verify.loaders` knows."""
