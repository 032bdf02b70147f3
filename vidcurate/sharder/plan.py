"""Which samples lie together in a shard, and in which order: decided before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import heapify, heappop, heapreplace

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ShapeError, VidcurateError
from vidcurate.sharder.base import Part, Sample, Sharder, Subset
from vidcurate.sharder.bins import Bin, folder_of
from vidcurate.sharder.divide import Limits, Rows, divide, halve


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """Samples of one subset and one folder, in their order."""

    bins: Mapping[Bin, str]
    samples: Sequence[Sample]
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
    check_keys(samples)
    subsets: dict[Subset, dict[str, _Group]] = defaultdict(dict)
    for (subset, folder), members in _grouped(_ordered(samples, sharder, seed), sharder).items():
        subsets[subset][folder] = _group(members, sharder)
    found = []
    for subset, groups in subsets.items():
        for folder, shards in _divided(subset, groups, sharder).items():
            words = (subset if sharder.has_subsets else "", folder)
            group = groups[folder]
            for number, rows in enumerate(shards):
                name = "/".join(word for word in (*words, f"{number:06d}") if word)
                chosen = tuple(group.samples[row] for row in rows)
                found.append(Part(name=name, subset=subset, bins=group.bins, samples=chosen))
    return sorted(found, key=lambda part: part.name)


def check_keys(samples: Sequence[Sample]) -> None:
    """Refuse keys that loaders would misread.

    Raises:
        ShapeError: a key is empty, has a dot or a slash, or comes twice.
    """
    seen: set[str] = set()
    for key in (sample.key for sample in samples):
        if not key or "." in key or "/" in key:
            raise ShapeError(f"sample key {key!r}: loaders split names at dots and slashes; expected a name without")
        if key in seen:
            raise ShapeError(f"sample key {key!r} comes twice; loaders tell samples apart by their keys")
        seen.add(key)


def _ordered(samples: Sequence[Sample], sharder: Sharder, seed: int) -> list[Sample]:
    """By key, or by a hash of seed and key: a place among the others that none of them has a say in."""
    if not sharder.shuffle:
        return sorted(samples, key=lambda sample: sample.key)
    return sorted(samples, key=lambda sample: blake2b(f"{seed}/{sample.key}".encode(), digest_size=16).digest())


def _grouped(samples: Sequence[Sample], sharder: Sharder) -> dict[tuple[Subset, str], list[Sample]]:
    groups: dict[tuple[Subset, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        folder = folder_of(sharder.bins_of(sample.width, sample.height, sample.duration), sharder.bins)
        groups[sample.subset, folder].append(sample)
    return groups


def _group(samples: Sequence[Sample], sharder: Sharder) -> _Group:
    first = samples[0]
    bins = sharder.bins_of(first.width, first.height, first.duration)
    numbers: dict[str, int] = {}
    return _Group(
        bins={name: value for name, value in bins.items() if name in sharder.bins},
        samples=samples,
        sizes=np.array([sharder.size(sample) for sample in samples], np.int64),
        sources=np.array([numbers.setdefault(sample.source, len(numbers)) for sample in samples], np.int64),
    )


def _divided(subset: Subset, groups: Mapping[str, _Group], sharder: Sharder) -> dict[str, list[Rows]]:
    """Shards of all folders of a subset, their number a multiple of what is asked for."""
    limits = Limits(
        num_bytes=sharder.target_bytes - sharder.closing,
        num_samples=sharder.max_samples,
        per_source=sharder.per_source,
    )
    found = {folder: divide(group.sizes, group.sources, limits) for folder, group in groups.items()}
    shards, samples = (sum(map(len, of)) for of in (found.values(), (group.samples for group in groups.values())))
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
        if wanted[folder] == len(groups[folder].samples):
            heappop(largest)
            continue
        wanted[folder] += 1
        missing -= 1
        heapreplace(largest, (-sizes[folder] / wanted[folder], folder))
    return {folder: count for folder, count in wanted.items() if count != counts[folder]}
