"""What clips are held against: earlier datasets, or an evaluation set that must not leak in."""

from __future__ import annotations

import glob
import itertools
import logging
import os
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import ConfigError, MissingInput, ShapeError
from vidcurate.registry import fingerprint
from vidcurate.stage.decide import FOLDER as DECISIONS
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import clips_store, read_tables
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.commit import RECORD, committed
from vidcurate.store.files import Store
from vidcurate.store.reach import located

log = logging.getLogger(__name__)


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
    folder = committed(store, TABLES).get("embeddings")
    if folder is None:
        raise MissingInput(
            f"against={place}: its clips are of another dataset, {clips_store(store).url}; name its vectors"
        )
    clips = read_tables(store).clips
    kept = set(clips.filter(clips["kept"])["clip_id"].to_pylist())
    return load_vectors(f"{clips_store(store).url.rstrip('/')}/{folder}", only=kept - _dropped(store)), folder


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
    fs, path = located(place)
    paths = fs.glob(path) if glob.has_magic(path) and not fs.exists(path) else [path]
    if isinstance(fs, LocalFileSystem):
        paths = [os.path.realpath(one) for one in paths]
    return [[str(fs.protocol), *one.strip("/").split("/")] for one in paths]


def _together(parts: Sequence[Vectors]) -> Vectors:
    names = pa.concat_arrays([part.ids for part in parts])
    ids = pc.unique(names).sort()
    matrix = np.concatenate([part.matrix for part in parts])[pc.index_in(ids, value_set=names).to_numpy()]
    return Vectors(ids=ids, matrix=matrix, digest=fingerprint(*(part.digest for part in parts)))
