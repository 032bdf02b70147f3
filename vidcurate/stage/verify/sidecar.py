"""Whether the parquet beside a tar says where its samples lie, and the same of them as they do themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.stage.verify.tar import Packed

BLOCK = 512
"""Bytes to which a tar fills up its members."""


def sidecar_faults(name: str, path: Path, samples: Sequence[Packed]) -> Iterator[str | None]:
    """Row i must be of sample i.

    Args:
        name: of the side-car, for messages.
        path: of the local file.
        samples: of the tar, in its order.
    """
    try:
        with pq.ParquetFile(path) as file:
            rows = (row for batch in file.iter_batches(1024) for row in batch.to_pylist())
            for number, (row, sample) in enumerate(zip_longest(rows, samples)):
                yield _fault(f"{name}, row {number}", row, sample)
    except (OSError, pa.ArrowException) as error:
        yield f"{name} cannot be read: {error}"


def _fault(where: str, row: Mapping[str, Any] | None, sample: Packed | None) -> str | None:
    if row is None or sample is None:
        return f"{where}: there is {'no row of' if row is None else 'a row, but no'} sample {sample and sample.key!r}"
    wrong = [
        f"{column} {row.get(column)!r}, the tar has {value!r}"
        for column, value in (_places(sample) | _told(row, sample)).items()
        if row.get(column) != value
    ]
    return f"{where}: {'; '.join(wrong)}" if wrong else None


def _places(sample: Packed) -> dict[str, Any]:
    """The columns that say where the sample lies: blocks from its first header on, and the content of each member."""
    last = sample.members[-1]
    end = last.offset + -(-last.size // BLOCK) * BLOCK
    places: dict[str, Any] = {"key": sample.key, "offset": sample.members[0].start}
    places["size"] = end - sample.members[0].start
    for member in sample.members:
        places |= {f"{member.suffix}_offset": member.offset, f"{member.suffix}_size": member.size}
    return places


def _told(row: Mapping[str, Any], sample: Packed) -> dict[str, Any]:
    """The plain values of its .json that have a column."""
    member = sample.member("json")
    try:
        values = json.loads(member.content) if member is not None else {}
    except ValueError:
        return {}
    return {name: value for name, value in values.items() if name in row and not isinstance(value, list | dict)}
