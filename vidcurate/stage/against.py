"""Clips that are known already: similar to one of an earlier dataset, or of an evaluation set that must not leak in.

Every clip is compared with every vector of the reference, and only the nearest is stored, so that another epsilon
compares nothing.
"""

from __future__ import annotations

import glob
import itertools
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import fsspec
import numpy as np
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem
from numpy.typing import NDArray

from vidcurate.errors import ConfigError, MissingInput, ShapeError
from vidcurate.neighbours.across import nearest_across
from vidcurate.registry import fingerprint
from vidcurate.stage.decide import FOLDER as DECISIONS
from vidcurate.stage.rewrite import rewrite
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import read_tables
from vidcurate.stage.twins import twins
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.commit import RECORD, committed, is_current
from vidcurate.store.files import Store
from vidcurate.table import KNOWN

log = logging.getLogger(__name__)

FOLDER = "semantic/known"
PART = f"{FOLDER}/part-0.parquet"
REASON = "known"


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
        reference: see `load_reference`.
        device: where the work is done.
    """
    made_from = fingerprint(vectors.digest, reference.digest)
    if is_current(store, FOLDER, made_from):
        log.info("known: up to date")
        table = store.read_table(PART)
    else:
        row, similarity = nearest_known(vectors.matrix, reference, device)
        witness = pa.array(reference.ids, pa.string()).take(pa.array(row))
        table = pa.table([pa.array(vectors.ids, pa.string()), witness, similarity], schema=KNOWN)
        rewrite(store, FOLDER, made_from, _write(store, table))
        log.info("known: %d clips compared with %d of the reference", len(vectors.ids), len(reference.ids))
    return Known(witness=table["max_id"], similarity=table["similarity"].to_numpy(), made_from=made_from)


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


def load_reference(against: Sequence[str], vectors: Vectors, embedder: str | None, own: Sequence[str]) -> Vectors:
    """Read what clips are held against.

    Args:
        against: datasets, of which those clips count that the filters and at least one of its decisions keep (all that
            the filters keep if it has not been deduplicated); and parquet files, as `load_vectors` takes them.
        vectors: of the clips.
        embedder: folder that `vectors` come from, `{embedder}_embd_parquet`; None where they are somebody else's.
        own: the dataset that is made, and the files that its vectors come from.

    Returns:
        All of them; where ids occur in several places, the vector of the first.

    Raises:
        ConfigError: a place is, holds or lies in one of the own.
        MissingInput: a place holds no vector.
        ShapeError: vectors are unusable, or not of the embedder of `vectors`.
    """
    parts: list[Vectors] = []
    for place in against:
        _refuse_own(place, own)
        part, made_by = _load(place)
        dims = part.matrix.shape[1], vectors.matrix.shape[1]
        if dims[0] != dims[1] or (made_by and embedder and made_by != embedder):
            names = [made_by or "an embedder that is not named", embedder or "an embedder that is not named"]
            raise ShapeError(
                f"against={place}: its vectors have {dims[0]} numbers, by {names[0]}; those of the clips {dims[1]}, by "
                f"{names[1]}; embed both alike"
            )
        parts.append(part)
    if not parts:
        raise MissingInput("against: no place is named")
    return parts[0] if len(parts) == 1 else _together(parts)


def _load(place: str) -> tuple[Vectors, str | None]:
    """Vectors of a place, and the folder of a dataset that they come from."""
    store = Store(place)
    if not store.exists(f"{TABLES}/{RECORD}"):
        return load_vectors(place), None
    folder = str(committed(store, TABLES)["embeddings"])
    clips = read_tables(store).clips
    kept = set(clips.filter(clips["kept"])["clip_id"].to_pylist())
    return load_vectors(f"{place.rstrip('/')}/{folder}", only=kept - _dropped(store)), folder


def _dropped(store: Store) -> set[str]:
    """Clips that every decision about them drops."""
    stay: set[str] = set()
    decided: set[str] = set()
    for key in store.keys(DECISIONS, ".parquet"):
        table = store.read_table(key)
        decided.update(table["id"].to_pylist())
        stay.update(table.filter(table["kept"])["id"].to_pylist())
    return decided - stay


def _refuse_own(place: str, own: Sequence[str]) -> None:
    for mine in own:
        for here, there in itertools.product(_folders(place), _folders(mine)):
            if here[: len(there)] == there or there[: len(here)] == here:
                raise ConfigError([f"against={place}: that is what is deduplicated here ({mine}); name another place"])


def _folders(place: str) -> list[list[str]]:
    """The parts of the path of a place, or of each that a glob finds, after the protocol."""
    fs, path = fsspec.core.url_to_fs(place)
    paths = fs.glob(path) if glob.has_magic(path) and not fs.exists(path) else [path]
    if isinstance(fs, LocalFileSystem):
        paths = [os.path.realpath(one) for one in paths]
    return [[str(fs.protocol), *one.strip("/").split("/")] for one in paths]


def _together(parts: Sequence[Vectors]) -> Vectors:
    names = np.concatenate([np.array(part.ids) for part in parts])
    ids, first = np.unique(names, return_index=True)
    matrix = np.concatenate([part.matrix for part in parts])[first]
    return Vectors(ids=tuple(ids.tolist()), matrix=matrix, digest=fingerprint(*(part.digest for part in parts)))


def _write(store: Store, table: pa.Table) -> Iterator[str]:
    store.write_table(PART, table)
    yield PART
