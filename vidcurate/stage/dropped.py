"""DROPPED of a dataset: the rows of embeddings that dedup could not use and, with on_bad=drop, has left out."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.registry import fingerprint
from vidcurate.stage.faults import counted
from vidcurate.stage.rewrite import rewrite
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import DROPPED

FOLDER = "semantic/dropped"
KEY = f"{FOLDER}/part-0.parquet"


def record_dropped(store: Store, vectors: Vectors) -> None:
    """Store which rows were left out; nothing is stored where none was, and what an earlier run left is removed."""
    if vectors.dropped.num_rows:
        rows = vectors.dropped.num_rows + len(vectors.ids)
        details = {"reasons": counted(vectors.dropped), "dropped": vectors.dropped.num_rows, "rows": rows}
        rewrite(store, FOLDER, fingerprint(vectors.digest, details), _write(store, vectors.dropped), **details)
    elif store.exists(FOLDER):
        store.remove(FOLDER)


def dropped_counts(store: Store) -> dict[str, int]:
    """How many rows were left out, by reason."""
    return dict(committed(store, FOLDER).get("reasons", {}))


def dropped_rows(store: Store) -> pa.Table:
    """DROPPED of the last dedup; empty where no row was left out."""
    return store.read_table(KEY) if store.exists(KEY) else DROPPED.empty_table()


def with_vectors(store: Store, clips: pa.Table, decisions: pa.Table) -> pa.Table:
    """CLIPS without those that dedup could not decide about, as they had none but unusable vectors."""
    left_out = dropped_rows(store)["id"]
    if not len(left_out):
        return clips
    undecided = left_out.filter(pc.invert(pc.is_in(left_out, value_set=decisions["id"].combine_chunks())))
    return clips.filter(pc.invert(pc.is_in(clips["clip_id"], value_set=undecided.combine_chunks())))


def _write(store: Store, dropped: pa.Table) -> Iterator[str]:
    store.write_table(KEY, dropped)
    yield KEY
