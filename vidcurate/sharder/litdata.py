"""Chunks that `litdata.StreamingDataset` opens, written clip by clip, without litdata.

A chunk is `uint32 count`, `uint32 offsets[count + 1]` and the items; an item is `uint32 size` of each field and the
fields. litdata's own writer would hold a chunk in memory several times and, for samples of plain values, puts 256 of
them into one Arrow batch, all of which its reader decodes for one. Source: `BinaryWriter` and `PyTreeLoader` of
https://github.com/Lightning-AI/litdata 0.2.76.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.errors import ShapeError
from vidcurate.registry import fingerprint, register
from vidcurate.sharder.base import File, Pack, Part, Sample, Shard, Sharder
from vidcurate.sharder.bins import Bin
from vidcurate.sharder.checksums import put_hashed
from vidcurate.sharder.media import open_media
from vidcurate.sharder.samples import Samples
from vidcurate.store.files import Store

FIELDS: Mapping[str, str] = {"key": "str", "caption": "str", "json": "str", "mp4": "file"}
"""Fields of an item, in their order, and litdata's names for how they are read.

`file` gives bytes. Its `bytes` gives views of a mapped chunk, which can be neither collated nor sent by a worker.
"""
LARGEST = 2**32 - 1
"""Bytes that offsets reach."""


@register
class Litdata(Sharder):
    """A chunk for each shard, and an `index.json` in every folder, so that each can be opened by itself.

    Items are dicts of `key`, `caption` and `json` (text) and `mp4` (bytes). Texts, unlike nested values, can be
    collated whatever they hold.
    """

    closing: ClassVar[int] = 8
    computes: ClassVar[bool] = False

    target_bytes: Annotated[int, pydantic.Field(gt=0, le=LARGEST)] = 64 * 1024**2
    bins: tuple[Bin, ...] = ()

    @property
    def folder(self) -> str:
        """`litdata/v0`."""
        return "litdata/v0"

    def size(self, sample: Sample) -> int:
        """Bytes of its fields, their sizes and its offset."""
        return 4 + sum(_sizes(sample)) + 4 * len(FIELDS)

    def sizes(self, samples: Samples) -> NDArray[np.int64]:
        """`size` of each, int64 [n]."""
        lengths = samples.lengths()
        return 4 + lengths.key + lengths.caption + lengths.metadata + lengths.clip + 4 * len(FIELDS)

    def load(self, device: str) -> Pack:
        """The function that writes a shard; it copies bytes and needs no device.

        It raises MissingInput where a clip's file is gone, and ShapeError for clips of 4 GiB and more.
        """
        return self._pack

    def index(self, store: Store, shards: Sequence[Shard]) -> None:
        """Write what litdata wants to know of each folder; the root's goes into vidcurate's own `index.json`.

        Where there are subsets the root has none: it would mix them.
        """
        folders: dict[str, list[Shard]] = defaultdict(list)
        for shard in shards:
            for parent in PurePosixPath(shard.name).parents:
                folders["" if str(parent) == "." else f"{parent}/"].append(shard)
        for folder, below in folders.items():
            key = f"{self.folder}/{folder}index.json"
            if folder:
                store.write_json(key, self._listed(folder, below))
            elif not any(shard.name.startswith(f"{shard.subset}/") for shard in shards):
                store.write_json(key, store.read_json(key) | self._listed(folder, below))

    def _listed(self, folder: str, shards: Sequence[Shard]) -> dict[str, Any]:
        files = [shard.files[0] for shard in shards]
        chunks = [
            {
                "filename": file.key.removeprefix(f"{self.folder}/{folder}"),
                "chunk_size": shard.num_samples,
                "chunk_bytes": file.num_bytes,
                "dim": None,
            }
            for shard, file in zip(shards, files, strict=True)
        ]
        # litdata empties its cache where this is another than last time; its own writer puts the time.
        return {"chunks": chunks, "config": self._config(), "updated_at": fingerprint([file.sha256 for file in files])}

    def _config(self) -> dict[str, Any]:
        leaf: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
        tree = {"type": "builtins.dict", "context": json.dumps(list(FIELDS)), "children_spec": [leaf] * len(FIELDS)}
        return {
            "chunk_bytes": self.target_bytes,
            "chunk_size": None,
            "compression": None,
            "data_format": list(FIELDS.values()),
            "data_spec": json.dumps([1, tree]),  # torch's pytree, protocol 1
            "encryption": None,
            "item_loader": "PyTreeLoader",
        }

    def _pack(self, clips: Store, store: Store, part: Part) -> tuple[File, ...]:
        # litdata counts the files of its cache by this prefix, and looks up their sizes by their names without folders
        name = f"chunk-{part.name.replace('/', '-')}.bin"
        key = f"{self.folder}/{PurePosixPath(part.name).with_name(name)}"
        with store.staging(part.num_bytes) as staging:
            staged = staging / "shard.bin"
            with staged.open("wb") as chunk:
                chunk.write(_header(part.samples))
                for sample in part.samples:
                    chunk.write(np.array(_sizes(sample), "<u4").tobytes())
                    chunk.write(b"".join(_texts(sample)))
                    with open_media(clips, sample) as media:
                        shutil.copyfileobj(media, chunk, 2**20)
            return (put_hashed(store, staged, key),)


def _header(samples: Sequence[Sample]) -> bytes:
    start = 4 * (len(samples) + 2)
    offsets = start + np.cumsum([0, *(sum(_sizes(sample)) + 4 * len(FIELDS) for sample in samples)])
    if offsets[-1] > LARGEST:
        raise ShapeError(
            f"{samples[0].media} has {samples[0].num_bytes} bytes, but offsets in a chunk reach {LARGEST}: "
            "cut shorter clips"
        )
    return np.array([len(samples), *offsets], "<u4").tobytes()


def _sizes(sample: Sample) -> list[int]:
    return [*map(len, _texts(sample)), sample.num_bytes]


def _texts(sample: Sample) -> list[bytes]:
    metadata = json.dumps(sample.metadata, sort_keys=True, ensure_ascii=False)
    return [sample.key.encode(), sample.caption.encode(), metadata.encode()]
