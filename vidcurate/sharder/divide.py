"""Samples in a given order, divided into shards: as few as fit, equally full, few of one source."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a shard of several samples holds at most.

    Attributes:
        num_bytes: of its samples together; may be below 1, then every sample has a shard of its own.
        num_samples: in it; None is any number.
        per_source: samples of one source; None is any number.
    """

    num_bytes: int
    num_samples: int | None = None
    per_source: int | None = None


def divide(sizes: NDArray[np.int64], sources: NDArray[np.int64], limits: Limits, at_least: int = 1) -> list[Rows]:
    """Divide samples, in O(n log n).

    They stay in their order, and shards are runs of it, cut where the rest is shared out evenly. Where a run would have
    too many samples of one source, all samples are dealt out instead: the sources of most samples first, their largest
    samples first, each to the lightest shard that may take it; within a shard the order stays.

    Args:
        sizes: int64 [n], bytes that each sample takes.
        sources: int64 [n], equal for samples of one source.
        limits: of a shard.
        at_least: shards wanted, up to n; there are more where the limits ask for them, or clips cannot be dealt out so.

    Returns:
        Rows of each shard, rising; every row is in one shard, and no shard is empty.
    """
    runs = _runs(sizes, limits, at_least)
    if limits.per_source is None or _most_of_a_source(runs, sources) <= limits.per_source:
        return runs
    fewest = -(-int(np.bincount(sources).max()) // limits.per_source)
    dealt = _deal(sizes, sources, limits, max(len(runs), fewest))
    again = _deal(sizes, sources, limits, len(dealt))  # evenly, if some had to be opened late
    return again if len(again) == len(dealt) else dealt


def halve(shards: Sequence[Rows], sizes: NDArray[np.int64], count: int) -> list[Rows]:
    """Cut the largest shards in two, again and again, until there are `count`, at most as many as rows."""
    found = list(shards)
    largest = [(-int(sizes[rows].sum()), shard) for shard, rows in enumerate(found) if len(rows) > 1]
    heapify(largest)
    while len(found) < count:
        _, shard = heappop(largest)
        rows = found[shard]
        filled = np.cumsum(sizes[rows])
        cut = 1 + int(np.searchsorted(filled[:-2], filled[-1] / 2))
        found[shard] = rows[:cut]
        found.append(rows[cut:])
        for piece in (shard, len(found) - 1):
            if len(found[piece]) > 1:
                heappush(largest, (-int(sizes[found[piece]].sum()), piece))
    return found


def _runs(sizes: NDArray[np.int64], limits: Limits, at_least: int) -> list[Rows]:
    n, ends = len(sizes), np.concatenate([[0], np.cumsum(sizes)])
    longest = limits.num_samples or n
    starts = [n]  # at index r the earliest row from which r shards suffice
    while starts[-1]:
        end = starts[-1]
        start = int(np.searchsorted(ends, ends[end] - limits.num_bytes))
        starts.append(min(end - 1, max(start, end - longest)))
    count = max(at_least, len(starts) - 1)
    found, start = [], 0
    for left in range(count - 1, -1, -1):  # shards still to come after this one
        most = int(np.searchsorted(ends, ends[start] + limits.num_bytes, side="right")) - 1
        most = max(start + 1, min(most, start + longest, n - left))
        least = max(start + 1, starts[min(left, len(starts) - 1)])
        share = ends[start] + (ends[n] - ends[start]) / (left + 1)
        nearest = int(np.searchsorted(ends, math.ceil(share)))  # for a fraction all ends would become fractions
        nearest -= ends[nearest] - share > share - ends[nearest - 1]
        end = min(max(nearest, least), most)
        found.append(np.arange(start, end))
        start = end
    return found


def _most_of_a_source(shards: Sequence[Rows], sources: NDArray[np.int64]) -> int:
    shard_of = np.repeat(np.arange(len(shards)), [len(rows) for rows in shards])
    pairs = shard_of * (sources.max() + 1) + sources[np.concatenate(shards)]
    return int(np.unique(pairs, return_counts=True)[1].max())


def _deal(sizes: NDArray[np.int64], sources: NDArray[np.int64], limits: Limits, count: int) -> list[Rows]:
    """Into `count` shards, or more where their bytes do not allow it."""
    frequency = np.bincount(sources)[sources]
    order = np.lexsort((-sizes, sources, -frequency))
    shards: list[list[int]] = [[] for _ in range(count)]
    lightest = [(0, 0, shard) for shard in range(count)]  # bytes, samples, shard: those that may take more
    heapify(lightest)
    resting: list[tuple[int, int, int]] = []  # those that may take no more of this source
    here: Counter[int] = Counter()
    source = -1
    for row, size, of in zip(order.tolist(), sizes[order].tolist(), sources[order].tolist(), strict=True):
        if of != source:
            for entry in resting:
                heappush(lightest, entry)
            resting, source = [], of
            here.clear()
        if lightest and (not lightest[0][1] or lightest[0][0] + size <= limits.num_bytes):
            filled, samples, shard = heappop(lightest)
        else:
            filled, samples, shard = 0, 0, len(shards)
            shards.append([])
        shards[shard].append(row)
        here[shard] += 1
        entry = (filled + size, samples + 1, shard)
        if samples + 1 == limits.num_samples:
            continue
        if here[shard] == limits.per_source:
            resting.append(entry)
        else:
            heappush(lightest, entry)
    return sorted((np.sort(np.array(rows, np.int64)) for rows in shards), key=lambda rows: int(rows[0]))
