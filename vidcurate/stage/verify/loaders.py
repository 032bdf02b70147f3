"""Whether the loaders that people train with open the shards and yield every sample once."""

from __future__ import annotations

import gc
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from vidcurate.sharder.base import Sharder
from vidcurate.stage.verify.check import Check, checked
from vidcurate.stage.verify.readers import LOADERS, Loader
from vidcurate.store.files import Store


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
        elif not (absence := loader.absence):
            paths = [Path(store.path(file)) for file in ([index] if index else files)]
            yield checked(f"loaders/{name}", _faults(loader, paths, keys))
        elif wanted == "auto":
            yield Check(name=f"loaders/{name}", note=absence)
        else:
            yield checked(f"loaders/{name}", [f"{absence}: pip install {loader.package}"])


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
