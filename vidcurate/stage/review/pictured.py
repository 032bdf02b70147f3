"""A parquet file of clips with a picture in each row, as viewers show it: the struct that Hugging Face calls `Image`.

Source: https://huggingface.co/docs/datasets/image_dataset and `datasets.features.Image`: a struct of `bytes` and
`path`, and JSON under the key `huggingface` of the schema that says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.store.files import Store

AT_ONCE = 256
"""Rows of a row group; viewers read a whole one for any of its pictures."""
NUMBERS = {"similarity": pa.float32(), "width": pa.int32(), "height": pa.int32()}
TEXTS = frozenset({"clip_id", "decision", "note", "fate", "reason", "witness_id", "group_id", "source", "caption"})
FEATURES = {pa.string(): "string", pa.float32(): "float32", pa.float64(): "float64", pa.int32(): "int32"}
"""What Hugging Face calls a type."""


def write_pictured(store: Store, key: str, rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Write clips as they come, in bounded memory.

    Args:
        store: the dataset.
        key: of the file.
        rows: by name; `jpeg` is the picture, or None, and `thumbnail` where it lies.
        names: of the columns, beside the picture.
    """
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    kinds = {name: pa.string() if name in TEXTS else NUMBERS.get(name, pa.float64()) for name in names}
    features: dict[str, Any] = {"thumbnail": {"_type": "Image"}}
    features |= {name: {"dtype": FEATURES[kind], "_type": "Value"} for name, kind in kinds.items()}
    said = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema([("thumbnail", image), *kinds.items()], metadata=said)
    with store.staging() as folder:
        path = folder / "clips.parquet"
        with pq.ParquetWriter(path, schema, compression="zstd") as file:
            waiting: list[dict[str, Any]] = []
            for row in rows:
                picture = {"bytes": row["jpeg"], "path": f"{row['clip_id']}.jpg"} if row["jpeg"] else None
                waiting.append({name: row[name] for name in names} | {"thumbnail": picture})
                if len(waiting) == AT_ONCE:
                    file.write_table(pa.Table.from_pylist(waiting, schema=schema))
                    waiting.clear()
            if waiting:
                file.write_table(pa.Table.from_pylist(waiting, schema=schema))
        store.put(path, key)
