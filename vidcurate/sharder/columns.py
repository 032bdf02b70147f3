"""Metadata of samples as columns of a table: a name has the same type in every shard, whatever the shard holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from vidcurate.sharder.base import Sample
from vidcurate.sharder.bins import BINS
from vidcurate.table import CLIPS

WINDOW = pa.struct([("start_frame", pa.int32()), ("end_frame", pa.int32()), ("caption", pa.string())])
KNOWN: Mapping[str, pa.DataType] = {
    **{field.name: field.type for field in CLIPS},
    "windows": pa.list_(WINDOW),
    "bins": pa.struct([(name, pa.string()) for name in BINS]),
}


def columns_of(samples: Sequence[Sample]) -> pa.Schema:
    """Names and types of the columns that hold the metadata of samples.

    Args:
        samples: one at least; their metadata have the same keys.

    Returns:
        Columns of CLIPS have its types. Of other names numbers are float64, mappings are structs of float64 (none if
        they are empty, which parquet cannot hold), and what is empty in all samples is text.
    """
    types = {name: _type(name, [sample.metadata[name] for sample in samples]) for name in samples[0].metadata}
    return pa.schema([(name, kind) for name, kind in types.items() if kind != pa.struct([])])


def _type(name: str, values: Sequence[Any]) -> pa.DataType:
    if name in KNOWN:
        return KNOWN[name]
    given = [value for value in values if value is not None]
    if not given:
        return pa.string()
    if isinstance(given[0], Mapping):
        return pa.struct([(key, pa.float64()) for key in sorted({key for value in given for key in value})])
    kind = pa.array(given).type
    return pa.float64() if pa.types.is_integer(kind) else kind
