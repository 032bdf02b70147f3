"""WebDataset shards: tars of about equal size in folders by bin, and an `index.json` that lists them.

Equal samples give equal bytes. Source: the format of https://github.com/webdataset/webdataset 1.0; bins and greedy
packing as in NeMo Curator's `shard`, which writes videos and metadata to separate tars instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import pydantic

from vidcurate.errors import ShapeError
from vidcurate.progress import progress
from vidcurate.registry import register
from vidcurate.sharder.base import Sample, Shard, Sharder, Write
from vidcurate.sharder.bins import BINS, Bin, bins_of, folder_of
from vidcurate.sharder.tar import member_bytes, tar_bytes, write_tar
from vidcurate.store.files import Store


@register
class WebDataset(Sharder):
    """Tars that `webdataset.WebDataset` and any other reader of tars opens as they are.

    Attributes:
        target_bytes: a shard is closed before it grows past this; one clip is in it at least.
        bins: what has folders of its own: resolution, aspect, duration, nested in this order whatever the order given.
    """

    target_bytes: Annotated[int, pydantic.Field(gt=0)] = 500 * 1024**2
    bins: tuple[Bin, ...] = BINS

    @property
    def folder(self) -> str:
        """`webdataset/v0`."""
        return "webdataset/v0"

    def load(self, device: str) -> Write:
        """The function that writes shards and their index; it copies bytes and needs no device.

        It raises ShapeError for keys that loaders would misread, and MissingInput where a clip's file is gone.
        """
        return partial(_write, self)


def _write(sharder: WebDataset, store: Store, samples: list[Sample]) -> list[Shard]:
    _check_keys(samples)
    parts = list(_parts(sharder, samples))
    shards: list[Shard] = []
    with store.staging() as staging:
        for key, part in progress(parts, len(parts), "shard: shards"):
            staged = staging / "shard.tar"
            sha256 = write_tar(store, part, staged)
            shards.append(Shard(key=key, num_samples=len(part), num_bytes=staged.stat().st_size, sha256=sha256))
            store.put(staged, key)
    entries = [_entry(sharder, shard, part) for shard, (_, part) in zip(shards, parts, strict=True)]
    totals = {name: sum(entry[name] for entry in entries) for name in ("num_samples", "num_bytes", "duration")}
    store.write_json(f"{sharder.folder}/index.json", {"num_shards": len(entries), **totals, "shards": entries})
    return shards


def _check_keys(samples: Sequence[Sample]) -> None:
    seen: set[str] = set()
    for key in (sample.key for sample in samples):
        if not key or "." in key or "/" in key:
            raise ShapeError(f"sample key {key!r}: loaders split names at dots and slashes; expected a name without")
        if key in seen:
            raise ShapeError(f"sample key {key!r} comes twice; loaders tell samples apart by their keys")
        seen.add(key)


def _parts(sharder: WebDataset, samples: Sequence[Sample]) -> Iterator[tuple[str, list[Sample]]]:
    """Key and samples of every shard, sorted by key."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.key):
        groups[folder_of(_bins(sample), sharder.bins)].append(sample)
    for folder, group in sorted(groups.items()):
        for number, part in enumerate(_pack(group, sharder.target_bytes)):
            yield "/".join(name for name in (sharder.folder, folder, f"{number:06d}.tar") if name), part


def _pack(samples: Sequence[Sample], target_bytes: int) -> Iterator[list[Sample]]:
    part: list[Sample] = []
    size = 0
    for sample in samples:
        added = member_bytes(sample)
        if part and tar_bytes(size + added) > target_bytes:
            yield part
            part, size = [], 0
        part.append(sample)
        size += added
    yield part


def _bins(sample: Sample) -> dict[Bin, str]:
    return bins_of(sample.width, sample.height, sample.duration)


def _entry(sharder: WebDataset, shard: Shard, samples: Sequence[Sample]) -> dict[str, Any]:
    """What the index says of a shard; its path is relative to the index, its duration in seconds."""
    return {
        "path": shard.key.removeprefix(f"{sharder.folder}/"),
        "num_samples": shard.num_samples,
        "num_bytes": shard.num_bytes,
        "duration": round(sum(sample.duration for sample in samples), 3),
        "sha256": shard.sha256,
        "bins": {name: value for name, value in _bins(samples[0]).items() if name in sharder.bins},
    }
