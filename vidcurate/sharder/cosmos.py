"""The layout of cosmos-curate's `shard`: videos, metadata and caption embeddings in tars of their own, in one order.

Below `cosmos/v0`, and below the subset if there are several, lies
`resolution_{r}/aspect_ratio_{a}/duration_{d}/{video|metas|t5_xxl}/part_{p}/{n}.tar` with members `{id}.mp4`,
`{id}.json` and `{id}.pickle`: a list of one float16 [tokens, dim] array for every window of the clip. A folder of bins
has a `wdinfo.json`, and `wdinfo_list.csv` names them all.

Differences: the paths in `wdinfo.json` are relative to `cosmos/v0`, so that a dataset can be moved; clips below 5 s and
beyond 10:1 are in bins of their own; without `model` there is no `t5_xxl`; a window, or a clip, without a caption has
the embedding of an empty text; `chunk_size` is the number of samples of the fullest tar; the .json has our names and
the reference's. `target_bytes` counts the videos alone, as there.

Source: https://github.com/nvidia-cosmos/cosmos-curate 1.4, by its documentation and what it writes.
"""

from __future__ import annotations

import json
import pickle
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.registry import Count, register
from vidcurate.sharder.base import File, Pack, Part, Sample, Shard, Sharder
from vidcurate.sharder.samples import Samples
from vidcurate.sharder.tar import BLOCK, CLOSING, Tar, headers, sizes_in_tar
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from vidcurate.model.hub import Place
    from vidcurate.model.t5 import Encode

NAMES = {"span_uuid": "clip_id", "framerate": "fps", "video_codec": "codec"}
"""What the reference calls fields of the metadata, and what we do."""
AT_ONCE = 256
"""Samples whose captions are embedded before any of them is written."""


@register
class Cosmos(Sharder):
    """Parallel tars of videos, metadata and T5 embeddings.

    Attributes:
        max_tars_per_part: tars of a folder `part_...`.
        model: folder of a T5 checkpoint, or an id of the hub, `owner/name`; None writes no embeddings.
        max_tokens: what a caption has beyond is cut off before it is embedded.
        batch_size: captions that go through the network together, halved where memory does not suffice.
        local_files_only: of a hub id, use the copy in the local cache or none; a folder never asks the hub.
    """

    volatile: ClassVar[frozenset[str]] = Sharder.volatile | {"batch_size", "local_files_only"}
    closing: ClassVar[int] = CLOSING

    max_tars_per_part: Count = 100
    model: str | None = None
    max_tokens: Count = 512
    batch_size: Count = 16
    local_files_only: bool = False

    @property
    def folder(self) -> str:
        """`cosmos/v0`."""
        return "cosmos/v0"

    def size(self, sample: Sample) -> int:
        """Bytes of the video, header and padding included."""
        size = sample.num_bytes
        return len(headers(f"{sample.key}.mp4", size)) + size + -size % BLOCK

    def sizes(self, samples: Samples) -> NDArray[np.int64]:
        """`size` of each, int64 [n]."""
        return sizes_in_tar(samples, ("clip",), self.size)

    def check(self) -> None:
        """Whether the text encoder is there, if one is asked for.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: the checkpoint is not there.
            ConfigError: it holds another network.
        """
        if self.model is not None:
            from vidcurate.model import t5

            t5.check(self._place(self.model))

    @property
    def runs_models(self) -> bool:
        """Whether captions are embedded by T5."""
        return self.model is not None

    def load(self, device: str) -> Pack:
        """The function that writes a shard; raises as `check` does.

        It raises MissingInput where a clip's file is gone, and VidcurateError where it is not as large as it was.
        """
        if self.model is None:
            return partial(self._pack, None)
        from vidcurate.model import t5

        return partial(self._pack, t5.load(self._place(self.model), device, self.max_tokens, self.batch_size))

    def index(self, store: Store, shards: Sequence[Shard]) -> None:
        """Write a `wdinfo.json` for every folder of bins, and `wdinfo_list.csv`, a line for each of them."""
        folders: dict[str, list[Shard]] = defaultdict(list)
        for shard in shards:
            folders[shard.name.rpartition("/")[0]].append(shard)
        infos = {"/".join(filter(None, (name, "wdinfo.json"))): self._info(name, folders[name]) for name in folders}
        for name, info in infos.items():
            store.write_json(f"{self.folder}/{name}", info)
        store.write(f"{self.folder}/wdinfo_list.csv", "".join(f"{name}\n" for name in sorted(infos)).encode())

    @property
    def _kinds(self) -> tuple[str, ...]:
        return ("video", "metas") if self.model is None else ("video", "metas", "t5_xxl")

    def _place(self, model: str) -> Place:
        from vidcurate.model.hub import Place

        return Place(
            component="cosmos",
            key="sharder.model",
            model=model,
            local_files_only=self.local_files_only,
            example="google-t5/t5-11b",
            extra="vlm",
        )

    def _tar(self, name: str) -> str:
        """Where the tar of a part lies below the folder of its kind."""
        part, number = divmod(int(name.rpartition("/")[2]), self.max_tars_per_part)
        return f"part_{part:06d}/{number:06d}.tar"

    def _info(self, folder: str, shards: Sequence[Shard]) -> dict[str, Any]:
        return {
            "data_keys": list(self._kinds),
            "chunk_size": max(shard.num_samples for shard in shards),
            "data_list": [self._tar(shard.name) for shard in shards],
            "root": folder,
            "total_key_count": sum(shard.num_samples for shard in shards),
        }

    def _pack(self, encode: Encode | None, clips: Store, store: Store, part: Part) -> tuple[File, ...]:
        """The tar of videos comes first among the files."""
        folder = "/".join(filter(None, (self.folder, part.name.rpartition("/")[0])))
        files = []
        with store.staging(part.num_bytes) as staging:
            for kind in self._kinds:
                with (staging / kind).open("wb") as file:
                    tar = Tar(file, checksum=True)
                    if kind == "video":
                        for sample in part.samples:
                            tar.add_clip(clips, sample)
                    elif kind == "metas":
                        for sample in part.samples:
                            tar.add(sample.key, "json", _json(sample))
                    elif encode is not None:
                        for key, content in _pickles(part.samples, encode):
                            tar.add(key, "pickle", content)
                    tar.close()
                key = f"{folder}/{kind}/{self._tar(part.name)}"
                files.append(File(key=key, num_bytes=tar.offset, sha256=tar.sha256))
            for kind, done in zip(self._kinds, files, strict=True):
                store.put(staging / kind, done.key)
        return tuple(files)


def _json(sample: Sample) -> bytes:
    ours = sample.metadata
    theirs = {name: ours[known] for name, known in NAMES.items() if known in ours}
    span = {"duration_span": [ours["start"], ours["end"]]} if {"start", "end"} <= ours.keys() else {}
    return json.dumps({**ours, **theirs, **span}, sort_keys=True, ensure_ascii=False).encode()


def _pickles(samples: Sequence[Sample], encode: Encode) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(samples), AT_ONCE):
        some = samples[start : start + AT_ONCE]
        texts = [_texts(sample) for sample in some]
        vectors = iter(encode([text for group in texts for text in group]))
        for sample, group in zip(some, texts, strict=True):
            yield sample.key, pickle.dumps([next(vectors) for _ in group], protocol=4)


def _texts(sample: Sample) -> list[str]:
    """One text for every window; what the clip is said to show where nothing says what its windows do."""
    return [window["caption"] for window in sample.metadata.get("windows") or ()] or [sample.caption]
