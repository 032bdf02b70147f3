"""Whether every kept clip has one embedding that can be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.stage.dropped import KEY as DROPPED
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import Tables, clips_store
from vidcurate.stage.verify.check import DAMAGE, Check, checked
from vidcurate.store.commit import committed
from vidcurate.store.files import Store


def check_embeddings(store: Store, tables: Tables) -> Check:
    """`tables/embeddings`: in the folder that split has written, one file at a time."""
    folder = str(committed(store, TABLES).get("embeddings", ""))
    if not folder:
        return Check(name="tables/embeddings", note="split has written no embeddings")
    return checked("tables/embeddings", _embeddings(store, folder, tables.clips))


def _embeddings(store: Store, folder: str, clips: pa.Table) -> Iterator[str | None]:
    source = clips_store(store)
    left_out = set(store.read_table(DROPPED)["id"].to_pylist()) if store.exists(DROPPED) else set()
    known, rows = set(clips["clip_id"].to_pylist()), Counter[str]()
    lengths: set[int] = set()
    for key in source.keys(folder, ".parquet"):
        try:
            table = source.read_table(key, ["id", "embedding"])
        except DAMAGE as error:
            yield f"{key} cannot be read: {error}"
            continue
        for clip, length, finite in zip(table["id"].to_pylist(), *_facts(table["embedding"]), strict=True):
            rows[clip] += 1
            lengths.add(length)
            if clip not in known:
                yield f"{key}: an embedding of clip {clip}, which CLIPS do not know"
            elif not finite and clip not in left_out:
                yield f"{key}: the embedding of clip {clip} is empty or not finite"
            else:
                yield None
    if len(lengths - {0}) > 1:
        yield f"{folder}: embeddings of different lengths: {sorted(lengths - {0})}"
    for clip in clips.filter(clips["kept"])["clip_id"].to_pylist():
        if rows[clip] != 1 and clip not in left_out:
            yield f"clip {clip} has {rows[clip]} embeddings in {folder}"


def _facts(vectors: pa.ChunkedArray) -> tuple[list[int], list[bool]]:
    """Of every row its length and whether all its numbers are finite."""
    lengths = [int(length or 0) for length in pc.list_value_length(vectors).to_pylist()]
    numbers = pc.list_flatten(vectors).to_numpy()
    bad = np.concatenate([[0], np.cumsum(~np.isfinite(numbers.astype(np.float64)))])
    ends = np.cumsum([0, *lengths])
    return lengths, [bool(n) and bool(bad[end] == bad[end - n]) for n, end in zip(lengths, ends[1:], strict=True)]
