"""WebDataset shards: tars of about equal size, each with a side-car that says where in it every sample lies.

A shard is `{name}.tar`, its side-car `{name}.parquet` and DALI's index `{name}.idx`. Equal samples give equal bytes.
Source: the format of https://github.com/webdataset/webdataset 1.0; bins and greedy packing as in NeMo Curator's
`shard`, which writes videos and metadata to separate tars instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.registry import register
from vidcurate.sharder.base import File, Pack, Part, Sample, Shard, Sharder
from vidcurate.sharder.dali import dali_index
from vidcurate.sharder.energon import write_energon
from vidcurate.sharder.samples import Samples
from vidcurate.sharder.sidecar import sidecar_bytes, sidecar_table
from vidcurate.sharder.tar import CLOSING, member_bytes, sizes_in_tar, write_tar
from vidcurate.sharder.wids import write_wids
from vidcurate.store.files import Store


@register
class WebDataset(Sharder):
    """Tars that `webdataset.WebDataset` and any other reader of tars opens as they are.

    Attributes:
        embedding: whether a sample has its embedding as `{key}.npy`, float32 [dim].
        checksums: whether shards are hashed while they are written, which takes as long as the writing; without, nobody
            can tell a damaged shard from a sound one.
    """

    computes: ClassVar[bool] = False
    closing: ClassVar[int] = CLOSING
    version: ClassVar[int] = 2

    embedding: bool = False
    checksums: bool = True

    @property
    def folder(self) -> str:
        """`webdataset/v0`."""
        return "webdataset/v0"

    @property
    def wants_vectors(self) -> bool:
        """Whether embeddings are packed."""
        return self.embedding

    def size(self, sample: Sample) -> int:
        """Bytes of its members, headers and padding included.

        Raises:
            MissingInput: its embedding is wanted, and it has none.
        """
        return member_bytes(sample, embedding=self.embedding)

    def sizes(self, samples: Samples) -> NDArray[np.int64]:
        """`size` of each, int64 [n]."""
        if self.embedding:
            return super().sizes(samples)
        return sizes_in_tar(samples, ("metadata", "caption", "clip"), self.size)

    def load(self, device: str) -> Pack:
        """The function that writes a shard; it copies bytes and needs no device.

        It raises MissingInput where a clip's file is gone.
        """
        return self._pack

    def index(self, store: Store, shards: Sequence[Shard]) -> None:
        """Write `wids.json` and Energon's `.nv-meta`."""
        write_wids(store, self.folder, shards)
        write_energon(store, self.folder, shards)

    def _pack(self, clips: Store, store: Store, part: Part) -> tuple[File, ...]:
        name = f"{self.folder}/{part.name}"
        with store.staging(part.num_bytes) as staging:
            tar, sidecar, index = (staging / f"shard.{suffix}" for suffix in ("tar", "parquet", "idx"))
            entries, sha256 = write_tar(clips, part.samples, tar, embedding=self.embedding, checksum=self.checksums)
            sidecar.write_bytes(sidecar_bytes(sidecar_table(part.samples, entries)))
            index.write_bytes(dali_index(entries))
            files = (
                File(key=f"{name}.tar", num_bytes=tar.stat().st_size, sha256=sha256),
                *(self._small(path, f"{name}{path.suffix}") for path in (sidecar, index)),
            )
            for path, file in zip((tar, sidecar, index), files, strict=True):
                store.put(path, file.key)
        return files

    def _small(self, path: Path, key: str) -> File:
        content = path.read_bytes()
        return File(
            key=key, num_bytes=len(content), sha256=hashlib.sha256(content).hexdigest() if self.checksums else ""
        )
