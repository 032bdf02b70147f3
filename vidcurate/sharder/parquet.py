"""Parquet shards: a table each, with the clips in a column or named in one.

Hugging Face `datasets` reads `video` as a Video feature without a cast, for the schema says so; pandas, duckdb, polars
and Spark see a struct of `bytes` and `path`. Source: the schema's metadata and the layout that
https://github.com/huggingface/datasets 5.2 writes in `Dataset.to_parquet` and reads in `Features.from_arrow_schema`;
`.huggingface.yaml` beside the shards names its splits as a dataset card would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pydantic
from numpy.typing import NDArray

from vidcurate.errors import ShapeError
from vidcurate.registry import register
from vidcurate.sharder.base import File, Pack, Part, Sample, Shard, Sharder
from vidcurate.sharder.bins import Bin
from vidcurate.sharder.checksums import put_hashed
from vidcurate.sharder.columns import columns_of
from vidcurate.sharder.media import open_media
from vidcurate.sharder.samples import Samples
from vidcurate.store.files import Store

VIDEO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
FEATURES = {"huggingface": json.dumps({"info": {"features": {"video": {"_type": "Video"}}}})}
MEDIA = "video.bytes"
LARGEST = 2**31 - 2**20
"""Bytes of the largest clip that a value of a column holds."""
SPLITS = {"train": "train", "val": "validation", "test": "test"}


@register
class Parquet(Sharder):
    """Tables that `datasets.load_dataset` and any other reader of parquet opens as they are.

    Attributes:
        media: `bytes` puts the clips into the tables; `paths` leaves them where they are, and `video` is text, the
            clip's path relative to the dataset's root.
        row_group_bytes: a row group, which a reader that streams holds in memory, is closed before it grows past this;
            one clip is in it at least. The writer holds two.
    """

    computes: ClassVar[bool] = False

    bins: tuple[Bin, ...] = ()
    media: Literal["bytes", "paths"] = "bytes"
    row_group_bytes: Annotated[int, pydantic.Field(gt=0, le=2**30)] = 32 * 1024**2

    @property
    def folder(self) -> str:
        """`parquet/v0`."""
        return "parquet/v0"

    def size(self, sample: Sample) -> int:
        """Bytes of its clip, if that goes into the table, and of its metadata before they are compressed."""
        media = sample.num_bytes if self.media == "bytes" else len(sample.media)
        return media + len(json.dumps(sample.metadata, ensure_ascii=False).encode())

    def sizes(self, samples: Samples) -> NDArray[np.int64]:
        """`size` of each, int64 [n]."""
        lengths = samples.lengths()
        return lengths.metadata + (lengths.clip if self.media == "bytes" else lengths.media)

    def load(self, device: str) -> Pack:
        """The function that writes a shard; it copies bytes and needs no device.

        It raises MissingInput where a clip's file is gone, and ShapeError for clips of 2 GiB and more.
        """
        return self._pack

    def index(self, store: Store, shards: Sequence[Shard]) -> None:
        """Write `.huggingface.yaml`, by which `load_dataset(folder)` finds the tables of each split."""
        files = {
            SPLITS[shard.subset]: f"{shard.subset}/**/[0-9]*.parquet"
            if shard.name.startswith(f"{shard.subset}/")
            else "**/[0-9]*.parquet"
            for shard in shards
        }
        splits = [{"split": split, "path": path} for split, path in files.items()]
        # JSON is YAML
        store.write_json(
            f"{self.folder}/.huggingface.yaml", {"configs": [{"config_name": "default", "data_files": splits}]}
        )

    def _pack(self, clips: Store, store: Store, part: Part) -> tuple[File, ...]:
        key = f"{self.folder}/{part.name}.parquet"
        with store.staging(part.num_bytes) as staging:
            staged = staging / "shard.parquet"
            schema = self._schema(part.samples)
            with pq.ParquetWriter(staged, schema, **_options(schema)) as writer:
                for samples in self._row_groups(part.samples):
                    writer.write_table(self._table(clips, samples, schema), row_group_size=len(samples))
            return (put_hashed(store, staged, key),)

    def _schema(self, samples: Sequence[Sample]) -> pa.Schema:
        columns = columns_of(samples)
        if self.media == "paths":
            return columns.append(pa.field("video", pa.string()))
        return columns.append(pa.field("video", VIDEO)).with_metadata(FEATURES)

    def _row_groups(self, samples: Sequence[Sample]) -> Iterator[list[Sample]]:
        group: list[Sample] = []
        size = 0
        for sample in samples:
            if group and size + self.size(sample) > self.row_group_bytes:
                yield group
                group, size = [], 0
            group.append(sample)
            size += self.size(sample)
        yield group

    def _table(self, clips: Store, samples: Sequence[Sample], schema: pa.Schema) -> pa.Table:
        columns = {
            field.name: pa.array([sample.metadata[field.name] for sample in samples], field.type)
            for field in schema
            if field.name != "video"
        }
        if self.media == "paths":
            video = pa.array([sample.media for sample in samples])
        else:
            names = pa.array([f"{sample.key}.mp4" for sample in samples])
            video = pa.StructArray.from_arrays([_media(clips, samples), names], fields=list(VIDEO))
        return pa.table(columns | {"video": video}, schema)


def _media(clips: Store, samples: Sequence[Sample]) -> pa.Array:
    """Clips as one array, which holds their bytes once."""
    ends = np.cumsum([sample.num_bytes for sample in samples])
    if ends[-1] > LARGEST:
        raise ShapeError(
            f"{samples[0].media} has {samples[0].num_bytes} bytes, but a value of a parquet column holds {LARGEST}. "
            "Use sharder.media=paths, or cut shorter clips"
        )
    data = pa.allocate_buffer(int(ends[-1]))
    view = memoryview(data).cast("B")
    for sample, end in zip(samples, ends, strict=True):
        with open_media(clips, sample) as media:
            view[end - sample.num_bytes : end] = media.read()
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    return pa.Array.from_buffers(pa.binary(), len(samples), [None, pa.py_buffer(offsets), data])


def _options(schema: pa.Schema) -> dict[str, Any]:
    """How columns are written: clips as they are, without statistics of their bytes; the rest by zstd."""
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    leaves = pq.read_metadata(pa.BufferReader(sink.getvalue())).schema
    names = [leaves.column(index).path for index in range(len(leaves))]
    others = [name for name in names if name != MEDIA]
    return {
        "compression": {name: "NONE" if name == MEDIA else "zstd" for name in names},
        "use_dictionary": others,
        "write_statistics": others,
        "write_page_index": True,
        # A page ends at the first batch that takes it past 1 MiB; a batch of 1024 clips would be gathered in memory.
        "write_batch_size": 1 if MEDIA in names else 1024,
    }
