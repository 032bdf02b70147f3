"""Copies of clips, exact ones and ones that were encoded anew, told by HASHES before any embedding is compared."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.stage.looks import Looks, leaders

EXACT, PERCEPTUAL = "exact_copy", "perceptual_copy"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Copies:
    """What becomes of n clips.

    Attributes:
        witness: int64 [n], row of the clip that each copy repeats, which stays; the row itself where it is no copy.
        reason: [n], `exact_copy`, `perceptual_copy`, or nothing.
    """

    witness: NDArray[np.int64]
    reason: NDArray[np.str_]


def find_copies(hashes: pa.Table, ids: Sequence[str] | pa.Array, ranks: NDArray[np.int64], max_bits: int) -> Copies:
    """Tell which clips are copies of others.

    Exact copies have the same coded frames; perceptual copies look alike, see `vidcurate.stage.looks`. Of each group
    the clip stays that ranks first, and the others repeat that very clip: none is dropped by way of a third. What is
    found depends on the ranks, not on the order of the rows.

    Args:
        hashes: HASHES, of these clips and maybe of others; clips that it does not know are no copies.
        ids: n clips.
        ranks: int64 [n], each of 0..n-1 once, smaller is kept first.
        max_bits: of 64, by which the pHashes of two copies may differ; 0 to 16.
    """
    witness, reason = np.arange(len(ids)), np.full(len(ids), "", "U15")
    place = pc.index_in(pa.array(ids, pa.string()), value_set=hashes["clip_id"]).fill_null(-1).to_numpy()
    by_rank = np.argsort(ranks)
    known = by_rank[place[by_rank] >= 0]
    if not len(known):
        return Copies(witness=witness, reason=reason)
    table = hashes.take(place[known])
    same = _first_of_equals(table["content_hash"])
    own = np.arange(len(known))
    looks = Looks.of(table)
    alone = np.flatnonzero((same == own) & looks.telling)
    kept = own.copy()
    kept[alone] = leaders(looks, alone, max_bits)
    kept = kept[same]
    witness[known] = known[kept]
    reason[known] = np.where(kept == own, "", np.where(kept == same, EXACT, PERCEPTUAL))
    return Copies(witness=witness, reason=reason)


def digest(hashes: pa.Table) -> str:
    """Equal digests, equal HASHES."""
    looks = hashes["phash"].combine_chunks()
    told = hashlib.sha256("\n".join(hashes["content_hash"].to_pylist()).encode())
    for numbers in (looks.value_lengths(), looks.flatten(), hashes["duration"].combine_chunks()):
        told.update(np.ascontiguousarray(numbers.to_numpy(zero_copy_only=False)).data)
    return told.hexdigest()


def _first_of_equals(texts: pa.ChunkedArray) -> NDArray[np.int64]:
    codes = texts.combine_chunks().dictionary_encode().indices.to_numpy()
    _, first = np.unique(codes, return_index=True)
    return np.asarray(first[codes], np.int64)
