"""Clips that are known already: similar to one of an earlier dataset, or of an evaluation set that must not leak in.

Every clip is compared with every vector of the reference, and only the nearest is stored, so that another epsilon
compares nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidcurate.events import emit
from vidcurate.neighbours.across import nearest_across
from vidcurate.registry import fingerprint
from vidcurate.stage.rewrite import rewrite
from vidcurate.stage.twins import twins
from vidcurate.stage.vectors import Vectors
from vidcurate.store.commit import clear, committed, is_current
from vidcurate.store.files import Store
from vidcurate.table import KNOWN

log = logging.getLogger(__name__)

FOLDER = "semantic/known"
PART = f"{FOLDER}/part-0.parquet"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """The nearest vector of the reference for each of n clips.

    Attributes:
        witness: n ids of the reference.
        similarity: float32 [n], cosine; a clip is known iff `is_duplicate` says so at an epsilon.
        made_from: fingerprint.
    """

    witness: pa.ChunkedArray
    similarity: NDArray[np.float32]
    made_from: str


def find_known(store: Store, vectors: Vectors, reference: Vectors, device: str) -> Known:
    """Compare clips with a reference, unless the store holds that very comparison.

    Args:
        store: the dataset.
        vectors: of its clips.
        reference: see `vidcurate.stage.against`.
        device: where the work is done.
    """
    made_from = fingerprint(vectors.digest, reference.digest)
    is_stored = is_current(store, FOLDER, made_from)
    emit("stored", step="dedup", stored=int(is_stored), count=1, unit="tables")
    if is_stored:
        log.debug("known: up to date")
        table = store.read_table(PART)
    else:
        row, similarity = nearest_known(vectors.matrix, reference, device)
        witness = reference.ids.take(pa.array(row))
        table = pa.table([vectors.ids, witness, similarity], schema=KNOWN)
        rewrite(store, FOLDER, made_from, _write(store, table))
        log.info("known: %d clips compared with %d of the reference", len(vectors.ids), len(reference.ids))
    return _known(table, made_from)


def nearest_known(
    vectors: NDArray[np.float32], reference: Vectors, device: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The nearest vector of a reference, exactly.

    Args:
        vectors: float32 [n, dim], rows of unit length.
        reference: of the same dim.
        device: where matrices are multiplied.

    Returns:
        int64 [n], rows of the reference, the first of equally similar ones; float32 [n], cosines.
    """
    own = np.arange(len(reference.ids))
    single = np.flatnonzero(twins(reference.matrix, own) == own)
    row, similarity = nearest_across(vectors, reference.matrix[single], device)
    return single[row], similarity


def stored_known(store: Store) -> Known | None:
    """What the last dedup has found; None if it was held against nothing."""
    record = committed(store, FOLDER)
    return _known(store.read_table(PART), record["fingerprint"]) if record else None


def forget_known(store: Store) -> None:
    """Remove it: this dedup is held against nothing."""
    if store.exists(FOLDER):
        clear(store, FOLDER)


def _known(table: pa.Table, made_from: str) -> Known:
    return Known(witness=table["max_id"], similarity=table["similarity"].to_numpy(), made_from=made_from)


def _write(store: Store, table: pa.Table) -> Iterator[str]:
    store.write_table(PART, table)
    yield PART
