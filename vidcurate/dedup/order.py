"""In which order clips are kept: of two duplicates the one that ranks first stays. Independent of epsilon."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters
from vidcurate.errors import ConfigError
from vidcurate.registry import near

Keep = Literal["best", "hard", "easy", "random"]
BEST = ("-pixels", "-bits_per_pixel", "-score", "-duration")
"""The best clip: most pixels, most bits for each, highest score, longest; whatever of these is known."""
BLOCK = 2**16
"""Ids that are objects at once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """What is known of n clips before any is dropped.

    Attributes:
        ids: n strings, sorted, each once.
        vectors: float32 [n, dim], unit rows.
        clusters: of the vectors.
        facts: n rows, columns that clips may be ranked by.
        seed: of a random order.
    """

    ids: pa.StringArray
    vectors: NDArray[np.float32]
    clusters: Clusters
    facts: pa.Table
    seed: int


def ranks_by(keep: Keep, best: Sequence[str], candidates: Candidates) -> NDArray[np.int64]:
    """Rank clips.

    Args:
        keep: `best` by columns; `hard`, farthest from the centroid first; `easy`, nearest first; `random`, by the seed.
            Equal clips are ordered by id: as NeMo Curator has it, the larger id is the harder one.
        best: columns of the facts, the most important first; a minus before a name puts large values first. Clips that
            lack a value come last.
        candidates: the clips.

    Returns:
        int64 [n], each of 0..n-1 once, smaller is kept first.

    Raises:
        ConfigError: there is no such column.
    """
    n = len(candidates.ids)
    if keep == "best":
        names = columns(best, candidates.facts)
        order = np.lexsort((np.arange(n), *(_key(candidates.facts, name) for name in reversed(names))))
    elif keep == "random":
        order = np.lexsort(_digests(candidates.ids, candidates.seed).T[::-1])
    else:
        order = np.lexsort((np.arange(n), candidates.clusters.distances(candidates.vectors)))
        order = order[::-1] if keep == "hard" else order
    ranks = np.empty(n, np.int64)
    ranks[order] = np.arange(n)
    return ranks


def columns(best: Sequence[str], facts: pa.Table) -> tuple[str, ...]:
    """Those of the columns that there are; of the default ones, any may be unknown.

    Raises:
        ConfigError: one that was asked for is not there, or holds no numbers.
    """
    known = [name for name in facts.column_names if pa.types.is_primitive(facts.schema.field(name).type)]
    missing = [name for name in best if name.removeprefix("-") not in known and name not in BEST]
    if missing:
        there = f"columns: {', '.join(sorted(known))}"
        raise ConfigError(
            [f"dedup.best={name!r} is no column of numbers{near(name, known)}; {there}" for name in missing]
        )
    return tuple(name for name in best if name.removeprefix("-") in known)


def _digests(ids: pa.StringArray, seed: int) -> NDArray[np.uint64]:
    """256 bits of each of n ids, [n, 4]: their order is that of the rows."""
    found = bytearray()
    for at in range(0, len(ids), BLOCK):
        names = ids[at : at + BLOCK].to_pylist()
        found += b"".join([hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in names])
    return np.frombuffer(found, ">u8").astype(np.uint64).reshape(-1, 4)


def _key(facts: pa.Table, name: str) -> NDArray[np.float64]:
    values = pc.cast(facts[name.removeprefix("-")], pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(np.isnan(values), np.inf, -values if name.startswith("-") else values)
