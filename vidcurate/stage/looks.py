"""Which clips look alike by their pHashes: found without comparing each with each, and the first of them stays.

Two clips look alike if they last equally long and their frames, two a second, differ in no more than a few bits each.
Frames without a layout, black ones say, have no pHash: they answer to nothing but each other, and prove nothing.

Candidates are looked up (multi-index hashing, Norouzi et al. 2012, arXiv:1307.2982): where at most b bits differ, one
of b + 1 parts of a pHash is the same. That holds for either of the first two frames, so that a look-up takes two parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidcurate.video.phash import FLAT

MIN_FRAMES = 2
"""Frames with a pHash that two clips must have in common; half of all that they have in common must have one."""

SHARE, SECONDS = 0.05, 0.1
"""Lengths are equal that differ by this share of the longer one, or by these seconds, whichever is more."""

FEW = 32
"""Clips that are compared each with each."""

AT_ONCE = 2**20
"""Pairs in memory at once."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """What m clips look like.

    Attributes:
        duration: float64 [m], seconds.
        bits: uint64 [all frames], pHashes.
        start: int64 [m], where those of each clip begin.
        count: int64 [m], how many they are.
        key: uint64 [m, 2], the first two of each clip that are not `FLAT`; `FLAT` where there are fewer.
        telling: bool [m], whether there are as many as a copy needs.
    """

    duration: NDArray[np.float64]
    bits: NDArray[np.uint64]
    start: Rows
    count: Rows
    key: NDArray[np.uint64]
    telling: NDArray[np.bool_]

    @classmethod
    def of(cls, hashes: pa.Table) -> Looks:
        """Those of the rows of HASHES."""
        lists = hashes["phash"].combine_chunks()
        bits, count = lists.flatten().to_numpy(), lists.value_lengths().to_numpy().astype(np.int64)
        clip = np.repeat(np.arange(len(count)), count)[bits != FLAT]
        frames = np.bincount(clip, minlength=len(count))
        turn = np.arange(len(clip)) - (np.cumsum(frames) - frames)[clip]
        key = np.full((len(count), MIN_FRAMES), FLAT, np.uint64)
        early = turn < MIN_FRAMES
        key[clip[early], turn[early]] = bits[bits != FLAT][early]
        return cls(
            duration=hashes["duration"].to_numpy(),
            bits=bits,
            start=np.cumsum(count) - count,
            count=count,
            key=key,
            telling=frames >= MIN_FRAMES,
        )

    def alike(self, left: Rows, right: Rows, max_bits: int) -> NDArray[np.bool_]:
        """Whether the clips of each pair look alike.

        Args:
            left: int64 [k], rows.
            right: int64 [k], rows.
            max_bits: that may differ in any frame.
        """
        lengths = self.duration[left], self.duration[right]
        found = np.abs(lengths[0] - lengths[1]) <= np.maximum(SHARE * np.maximum(*lengths), SECONDS)
        common = np.minimum(self.count[left], self.count[right])
        told = np.zeros(len(left), np.int64)
        for frame in range(common.max(initial=0)):
            pairs = np.flatnonzero(found & (common > frame))
            one, other = (self.bits[self.start[side[pairs]] + frame] for side in (left, right))
            found[pairs] = ((one == FLAT) == (other == FLAT)) & (np.bitwise_count(one ^ other) <= max_bits)
            told[pairs] += one != FLAT
        return found & (told >= MIN_FRAMES) & (2 * told >= common)


def leaders(looks: Looks, rows: Rows, max_bits: int) -> Rows:
    """Keep every clip that looks like none that has been kept before it.

    Args:
        looks: of all clips.
        rows: int64 [k], of them, those first that rank first.
        max_bits: that may differ in any frame.

    Returns:
        int64 [k], the first kept clip that each looks like; itself if it is kept.
    """
    if len(rows) <= FEW:
        return _each_with_each(looks, rows, max_bits)
    half = len(rows) // 2
    before, after = leaders(looks, rows[:half], max_bits), rows[half:]
    found = _first_alike(looks, before[before == rows[:half]], after, max_bits)
    new = found < 0
    found[new] = leaders(looks, after[new], max_bits)
    return np.concatenate([before, found])


def _each_with_each(looks: Looks, rows: Rows, max_bits: int) -> Rows:
    witness = rows.copy()
    second, first = np.tril_indices(len(rows), -1)  # by the second of each pair, then by the first
    alike = looks.alike(rows[first], rows[second], max_bits)
    for one, other in zip(first[alike].tolist(), second[alike].tolist(), strict=True):
        if witness[one] == rows[one] and witness[other] == rows[other]:
            witness[other] = rows[one]
    return witness


def _first_alike(looks: Looks, kept: Rows, rows: Rows, max_bits: int) -> Rows:
    """For each row the first of the kept ones that it looks like, -1 if there is none: int64 [len(rows)]."""
    none = len(kept)
    best = np.full(len(rows), none)
    for left, right in _candidates(looks.key[kept], looks.key[rows], max_bits):
        better = left < best[right]
        left, right = left[better], right[better]
        alike = looks.alike(kept[left], rows[right], max_bits)
        np.minimum.at(best, right[alike], left[alike])
    return np.where(best < none, np.append(kept, -1)[best], -1)


def _candidates(left: NDArray[np.uint64], right: NDArray[np.uint64], max_bits: int) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of rows, all those among them that differ in no more bits in either hash; some come more than once."""
    if len(left) * len(right) <= AT_ONCE:
        one, other = np.nonzero(np.bitwise_count(left[:, None, 0] ^ right[None, :, 0]) <= max_bits)
        yield one, other
        return
    parts = [np.uint64(sum(1 << bit for bit in range(part, 64, max_bits + 1))) for part in range(max_bits + 1)]
    for early in parts:
        for late in parts:
            codes = _codes(left, early, late)
            order = np.argsort(codes)
            wanted, codes = _codes(right, early, late), codes[order]
            low, high = np.searchsorted(codes, wanted, "left"), np.searchsorted(codes, wanted, "right")
            for some in _batches(high - low):
                counts = (high - low)[some]
                asked = np.repeat(np.arange(len(right))[some], counts)
                offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
                yield order[np.repeat(low[some], counts) + offsets], asked


def _codes(keys: NDArray[np.uint64], early: np.uint64, late: np.uint64) -> NDArray[np.uint64]:
    """Parts of both hashes as one number; others rarely give the same."""
    return (keys[:, 0] & early) * np.uint64(0x9E3779B97F4A7C15) ^ (keys[:, 1] & late) * np.uint64(0xC2B2AE3D27D4EB4F)


def _batches(counts: Rows) -> Iterator[slice]:
    """Runs of rows that have about as many pairs as fit into memory."""
    borders = np.flatnonzero(np.diff(np.cumsum(counts) // AT_ONCE, prepend=0)) + 1
    for start, end in zip([0, *borders], [*borders, len(counts)], strict=True):
        yield slice(start, end)
