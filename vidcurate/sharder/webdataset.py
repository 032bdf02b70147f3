"""WebDataset shards: tars of about equal size, each with a side-car that says where in it every sample lies.

Equal samples give equal bytes. Source: the format of https://github.com/webdataset/webdataset 1.0; bins and greedy
packing as in NeMo Curator's `shard`, which writes videos and metadata to separate tars instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from vidcurate.registry import register
from vidcurate.sharder.base import File, Pack, Part, Sample, Shard, Sharder
from vidcurate.sharder.tar import CLOSING, member_bytes, write_tar
from vidcurate.sharder.wids import write_wids
from vidcurate.store.files import Store


@register
class WebDataset(Sharder):
    """Tars that `webdataset.WebDataset` and any other reader of tars opens as they are."""

    closing: ClassVar[int] = CLOSING

    @property
    def folder(self) -> str:
        """`webdataset/v0`."""
        return "webdataset/v0"

    def size(self, sample: Sample) -> int:
        """Bytes of its members, headers and padding included."""
        return member_bytes(sample)

    def load(self, device: str) -> Pack:
        """The function that writes a shard; it copies bytes and needs no device.

        It raises MissingInput where a clip's file is gone.
        """
        return self._pack

    def index(self, store: Store, shards: Sequence[Shard]) -> None:
        """Write `wids.json`."""
        write_wids(store, self.folder, shards)

    def _pack(self, clips: Store, store: Store, part: Part) -> tuple[File, ...]:
        key = f"{self.folder}/{part.name}.tar"
        with store.staging() as staging:
            staged = staging / "shard.tar"
            sha256 = write_tar(clips, part.samples, staged)
            file = File(key=key, num_bytes=staged.stat().st_size, sha256=sha256)
            store.put(staged, key)
        return (file,)
