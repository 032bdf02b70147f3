"""Which samples lie together in a shard, and in which order: decided before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import heapify, heappop, heapreplace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import ShapeError, VidcurateError
from vidcurate.sharder.base import Part, Sample, Sharder, Subset
from vidcurate.sharder.bins import Bin, folder_of
from vidcurate.sharder.divide import Limits, Rows, divide, halve
from vidcurate.sharder.samples import SUBSETS, Samples

BLOCK = 2**16
"""Keys that are hashed at once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """Rows of the samples of one subset and one folder, in their order; sizes and sources are theirs."""

    bins: Mapping[Bin, str]
    rows: Rows
    sizes: NDArray[np.int64]
    sources: NDArray[np.int64]


def plan(samples: Sequence[Sample], sharder: Sharder, seed: int) -> list[Part]:
    """Divide samples into shards.

    Args:
        samples: in any order; the plan does not depend on it.
        sharder: its settings say how.
        seed: of the shuffle.

    Returns:
        Parts sorted by name; every sample is in exactly one.

    Raises:
        ShapeError: keys that loaders would misread.
        VidcurateError: a subset has too few samples for `multiple_of`.
    """
    chosen = Samples.of(samples)
    found = []
    for subset, groups in _grouped(chosen, sharder, seed).items():
        for folder, shards in _divided(subset, groups, sharder).items():
            words = (subset if sharder.has_subsets else "", folder)
            group = groups[folder]
            for number, rows in enumerate(shards):
                name = "/".join(word for word in (*words, f"{number:06d}") if word)
                found.append(Part(name=name, subset=subset, bins=group.bins, samples=chosen.take(group.rows[rows])))
    return sorted(found, key=lambda part: part.name)


def _grouped(samples: Samples, sharder: Sharder, seed: int) -> dict[Subset, dict[str, _Group]]:
    """The groups of each subset by their folders."""
    columns = samples.columns()
    order = _ordered(columns["key"], sharder, seed)
    binned = {name: bins for name, bins in sharder.binned(columns).items() if name in sharder.bins}
    groups = columns["subset"].to_numpy().astype(np.int64)
    for bins in binned.values():
        groups = groups * len(bins.dictionary) + bins.indices.to_numpy()
    order = order[np.argsort(groups[order], kind="stable")]
    sizes, sources = sharder.sizes(samples), columns["source"].combine_chunks().indices.to_numpy()
    found: dict[Subset, dict[str, _Group]] = defaultdict(dict)
    for rows in np.split(order, 1 + np.flatnonzero(np.diff(groups[order]))):
        if len(rows):
            subset = SUBSETS[columns["subset"][int(rows[0])].as_py()]
            bins = {name: of[int(rows[0])].as_py() for name, of in binned.items()}
            group = _Group(bins=bins, rows=rows, sizes=sizes[rows], sources=_numbered(sources[rows]))
            found[subset][folder_of(bins, sharder.bins)] = group
    return found


def _ordered(keys: pa.ChunkedArray, sharder: Sharder, seed: int) -> Rows:
    """By key, or by a hash of seed and key: a place among the others that none of them has a say in.

    Raises:
        ShapeError: a key that loaders would misread: it is empty, has a dot or a slash, or comes twice.
    """
    odd = keys.filter(pc.match_substring_regex(keys, r"^$|[./]"))
    if len(odd):
        raise ShapeError(
            f"sample key {odd[0].as_py()!r}: loaders split names at dots and slashes; expected a name without"
        )
    order = np.lexsort(_hashes(keys, seed).T[::-1]) if sharder.shuffle else pc.sort_indices(keys).to_numpy()
    sorted_keys = keys.take(pa.array(order)).combine_chunks()
    twice = sorted_keys[1:].filter(pc.equal(sorted_keys[1:], sorted_keys[:-1]))
    if len(twice):
        raise ShapeError(f"sample key {twice[0].as_py()!r} comes twice; loaders tell samples apart by their keys")
    return order.astype(np.int64)


def _hashes(keys: pa.ChunkedArray, seed: int) -> NDArray[np.uint64]:
    """128 bits of each of n keys, [n, 2]: their order is that of the rows."""
    start, found = f"{seed}/".encode(), bytearray()
    for at in range(0, len(keys), BLOCK):
        names = keys[at : at + BLOCK].cast(pa.binary()).to_pylist()
        found += b"".join([blake2b(start + name, digest_size=16).digest() for name in names])
    return np.frombuffer(found, ">u8").astype(np.uint64).reshape(-1, 2)


def _numbered(sources: NDArray[np.integer]) -> NDArray[np.int64]:
    """Sources by numbers in the order in which they come first."""
    _, first, of = np.unique(sources, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[of]


def _divided(subset: Subset, groups: Mapping[str, _Group], sharder: Sharder) -> dict[str, list[Rows]]:
    """Shards of all folders of a subset, their number a multiple of what is asked for."""
    limits = Limits(
        num_bytes=sharder.target_bytes - sharder.closing,
        num_samples=sharder.max_samples,
        per_source=sharder.per_source,
    )
    found = {folder: divide(group.sizes, group.sources, limits) for folder, group in groups.items()}
    shards, samples = (sum(map(len, of)) for of in (found.values(), (group.rows for group in groups.values())))
    missing = -shards % sharder.multiple_of
    if shards + missing > samples:
        raise VidcurateError(
            f"sharder.multiple_of={sharder.multiple_of}: subset {subset} has {samples} clips in {shards} shards, "
            f"too few for {shards + missing} shards of one clip at least. Lower it, or pack more clips"
        )
    for folder, count in _more(groups, {folder: len(rows) for folder, rows in found.items()}, missing).items():
        more = divide(groups[folder].sizes, groups[folder].sources, limits, count)
        found[folder] = more if len(more) == count else halve(found[folder], groups[folder].sizes, count)
    return found


def _more(groups: Mapping[str, _Group], counts: Mapping[str, int], missing: int) -> dict[str, int]:
    """How many shards the folders are to have that get more of them: always that whose shards are the largest."""
    wanted = dict(counts)
    sizes = {folder: int(group.sizes.sum()) for folder, group in groups.items()}
    largest = [(-sizes[folder] / count, folder) for folder, count in counts.items()]
    heapify(largest)
    while missing:
        folder = largest[0][1]
        if wanted[folder] == len(groups[folder].rows):
            heappop(largest)
            continue
        wanted[folder] += 1
        missing -= 1
        heapreplace(largest, (-sizes[folder] / wanted[folder], folder))
    return {folder: count for folder, count in wanted.items() if count != counts[folder]}
