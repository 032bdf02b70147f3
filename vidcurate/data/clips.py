"""From the numbers of samples to what is in them: ranges of bytes, expanded by webdataset, with the clips decoded."""

from __future__ import annotations

import io
import json
import logging
import tarfile
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, Literal, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from webdataset.tariterators import group_by_keys, tar_file_expander

from vidcurate.data.frames import View
from vidcurate.data.shards import Shard, Shards, gone
from vidcurate.errors import DecodeError, ShapeError

log = logging.getLogger(__name__)

OnError = Literal["skip", "raise"]


class Batch(TypedDict):
    """Clips that a model sees together, one entry for each in every list.

    Attributes:
        key: ids of the clips.
        video: [batch, frames, 3, height, width]; a list of [frames, 3, height, width] where their shapes differ.
        caption: texts.
        metadata: what the .json of the samples say.
    """

    key: list[str]
    video: torch.Tensor | list[torch.Tensor]
    caption: list[str]
    metadata: list[dict[str, Any]]


class Clips:
    """Reads samples by number.

    The bytes of one sample in a tar are a tar; webdataset expands it as it would the whole one.

    Args:
        shards: the dataset.
        listed: its shards that samples are numbered by.
        view: decodes the clips.
        recaptioned: whether captions come from the shards' tables instead of their tars.
        on_error: what is done about a clip that cannot be decoded.
        cached: tables of so many shards are kept in memory.
    """

    def __init__(
        self,
        shards: Shards,
        listed: Sequence[Shard],
        view: View,
        *,
        recaptioned: bool = False,
        on_error: OnError = "skip",
        cached: int = 16,
    ) -> None:
        self._shards, self._listed, self._view = shards, tuple(listed), view
        self._recaptioned, self._on_error, self._cached = recaptioned, on_error, cached
        self._rows = lru_cache(cached)(self._read_rows)

    def __reduce__(self) -> tuple[Any, ...]:
        make = partial(Clips, recaptioned=self._recaptioned, on_error=self._on_error, cached=self._cached)
        return make, (self._shards, self._listed, self._view)

    def read(self, samples: NDArray[np.int32]) -> tuple[Batch | None, int]:
        """The samples of a batch.

        Args:
            samples: int32 [n, 2], numbers of a shard and of a row in it.

        Returns:
            Those that can be decoded, None if there are none, and how many cannot.

        Raises:
            DecodeError: one cannot be decoded, and `on_error` is `raise`.
            MissingInput: a tar is gone.
            ShapeError: a table does not fit its tar.
        """
        rows = [self._rows(shard)[row] for shard, row in samples.tolist()]
        entries = [self._listed[shard] for shard, _ in samples.tolist()]
        batch = Batch(key=[], video=[], caption=[], metadata=[])
        videos: list[torch.Tensor] = []
        for entry, row, blocks in zip(entries, rows, self._blocks(entries, rows), strict=True):
            try:
                sample = self._expanded(entry, row["key"], blocks)
                videos.append(self._view(sample["mp4"], entry.bins.get("aspect", "")))
            except DecodeError as error:
                if self._on_error == "raise":
                    raise DecodeError(f"{entry.path}: {row['key']}: {error}") from error
                log.warning("%s: %s is left out: %s", entry.path, row["key"], error)
                continue
            batch["key"].append(row["key"])
            batch["caption"].append((row["caption"] or "") if self._recaptioned else sample["txt"].decode())
            batch["metadata"].append(json.loads(sample["json"]))
        alike = len({video.shape for video in videos}) == 1
        batch["video"] = torch.stack(videos) if alike else videos
        return batch if videos else None, len(rows) - len(videos)

    def _read_rows(self, shard: int) -> list[dict[str, Any]]:
        columns = ["key", "offset", "size", *self._recaptioned * ["caption"]]
        rows: list[dict[str, Any]] = self._shards.table(self._listed[shard]).select(columns).to_pylist()
        return rows

    def _blocks(self, entries: Sequence[Shard], rows: Sequence[dict[str, Any]]) -> list[bytes]:
        """What lies in the tars where the rows say, in one call, so that a file system can fetch all at once."""
        store = self._shards.store
        starts, ends = [row["offset"] for row in rows], [row["offset"] + row["size"] for row in rows]
        paths = [store.path(entry.path) for entry in entries]
        try:
            found: list[bytes] = store.fs.cat_ranges(paths, starts, ends, on_error="raise")
        except FileNotFoundError as error:
            raise gone(", ".join(sorted({entry.path for entry in entries}))) from error
        return found

    def _expanded(self, shard: Shard, key: str, blocks: bytes) -> dict[str, bytes]:
        source = {"url": shard.path, "stream": io.BytesIO(blocks)}
        try:
            found = list(group_by_keys(tar_file_expander([source])))
        except tarfile.TarError as error:
            raise DecodeError(f"its bytes in the tar are damaged ({error})") from error
        if [sample["__key__"] for sample in found] != [key] or not {"json", "txt", "mp4"} <= set(found[0]):
            raise ShapeError(
                f"{shard.path}: where its table has {key!r} there is "
                f"{', '.join(repr(sample['__key__']) for sample in found) or 'nothing'}; write the shard anew"
            )
        sample: dict[str, bytes] = found[0]
        return sample
