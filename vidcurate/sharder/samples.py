"""Samples of a dataset: columns for what plans shards, and one sample after the other for what writes them."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import get_args, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidcurate.registry import canonical
from vidcurate.sharder.base import Sample, Subset
from vidcurate.sharder.divide import Rows

SUBSETS: tuple[Subset, ...] = get_args(Subset)
"""By their codes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lengths:
    """What n samples take, each int64 [n] but `plain`.

    Attributes:
        key: bytes of the key.
        plain: bool [n], whether the key is ASCII.
        media: characters of the key of the clip's file.
        clip: bytes of that file.
        caption: bytes of the caption in UTF-8.
        metadata: bytes of the metadata as JSON in UTF-8.
    """

    key: Rows
    plain: NDArray[np.bool_]
    media: Rows
    clip: Rows
    caption: Rows
    metadata: Rows

    def take(self, rows: Rows) -> Lengths:
        """Those of some of the samples."""
        return Lengths(**{name: getattr(self, name)[rows] for name in self.__slots__})

    @classmethod
    def together(cls, parts: Sequence[Lengths]) -> Lengths:
        """Those of several samples after one another."""
        kinds = {name: np.dtype(np.bool_ if name == "plain" else np.int64) for name in cls.__slots__}
        columns = {name: [np.empty(0, kind), *(getattr(part, name) for part in parts)] for name, kind in kinds.items()}
        return cls(**{name: np.concatenate(column, dtype=kinds[name]) for name, column in columns.items()})


class Samples(Sequence[Sample]):
    """n samples; those of another process are sent there without the rest of the dataset."""

    @staticmethod
    def of(samples: Sequence[Sample]) -> Samples:
        """Samples that may be objects already."""
        return samples if isinstance(samples, Samples) else Listed(samples)

    @abstractmethod
    def columns(self) -> pa.Table:
        """What a plan and a card need.

        Returns:
            `key`; `source`, a dictionary; `subset`, int8, the index in `SUBSETS`; `num_bytes`, `width`, `height`,
            `duration`; `license`, empty where nobody says; `captioned`, whether there is a caption.
        """

    @abstractmethod
    def lengths(self) -> Lengths:
        """What they take."""

    @abstractmethod
    def facts(self) -> list[str]:
        """All that decides what is written of each.

        Returns:
            Canonical JSON of key, size of the clip, metadata, and SHA-256 of the embedding or false: n texts.
        """

    @abstractmethod
    def take(self, rows: Rows) -> Samples:
        """Some of them, in the order of `rows`, int64 [m]."""

    @abstractmethod
    def followed(self, others: Iterable[Samples]) -> Samples:
        """These and, after them, others of the same dataset."""

    @abstractmethod
    def moved(self, subsets: NDArray[np.int8]) -> Samples:
        """The same on other sides of the split: int8 [n], indices in `SUBSETS`."""

    @abstractmethod
    def _made(self) -> Iterator[Sample]:
        """One after the other."""

    def __iter__(self) -> Iterator[Sample]:
        return self._made()

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> Sample | Samples:
        rows = np.arange(len(self))
        return self.take(rows[index]) if isinstance(index, slice) else next(self.take(rows[[index]])._made())


class Listed(Samples):
    """Samples that are objects already.

    Args:
        samples: n of them.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = tuple(samples)

    def __len__(self) -> int:
        return len(self._samples)

    def columns(self) -> pa.Table:
        """See `Samples`."""
        made = self._samples
        return pa.table(
            {
                "key": pa.array([sample.key for sample in made], pa.string()),
                "source": pa.array([sample.source for sample in made], pa.string()).dictionary_encode(),
                "subset": pa.array([SUBSETS.index(sample.subset) for sample in made], pa.int8()),
                "num_bytes": pa.array([sample.num_bytes for sample in made], pa.int64()),
                "width": pa.array([sample.width for sample in made], pa.int64()),
                "height": pa.array([sample.height for sample in made], pa.int64()),
                "duration": pa.array([sample.duration for sample in made], pa.float64()),
                "license": pa.array([str(sample.metadata.get("license") or "") for sample in made], pa.string()),
                "captioned": pa.array([bool(sample.caption) for sample in made], pa.bool_()),
            }
        )

    def lengths(self) -> Lengths:
        """See `Samples`."""
        made = self._samples
        told = [json.dumps(sample.metadata, ensure_ascii=False) for sample in made]
        return Lengths(
            key=_ints(len(sample.key.encode()) for sample in made),
            plain=np.array([sample.key.isascii() for sample in made], np.bool_),
            media=_ints(len(sample.media) for sample in made),
            clip=_ints(sample.num_bytes for sample in made),
            caption=_ints(len(sample.caption.encode()) for sample in made),
            metadata=_ints(len(text.encode()) for text in told),
        )

    def facts(self) -> list[str]:
        """See `Samples`."""
        return [
            canonical(sample.key, sample.num_bytes, sample.metadata, digest(sample.vector)) for sample in self._samples
        ]

    def take(self, rows: Rows) -> Samples:
        """See `Samples`."""
        return Listed([self._samples[row] for row in rows])

    def followed(self, others: Iterable[Samples]) -> Samples:
        """See `Samples`."""
        return Listed([*self, *chain.from_iterable(others)])

    def moved(self, subsets: NDArray[np.int8]) -> Samples:
        """See `Samples`."""
        sides = (SUBSETS[code] for code in subsets)
        return Listed([_moved(sample, side) for sample, side in zip(self._samples, sides, strict=True)])

    def _made(self) -> Iterator[Sample]:
        return iter(self._samples)


def digest(vector: NDArray[np.float32] | None) -> str | bool:
    """SHA-256 of an embedding; False where there is none."""
    return vector is not None and hashlib.sha256(vector.tobytes()).hexdigest()


def _ints(values: Iterator[int]) -> Rows:
    return np.fromiter(values, np.int64)


def _moved(sample: Sample, side: Subset) -> Sample:
    told = {name: side if name == "subset" else value for name, value in sample.metadata.items()}
    return replace(sample, subset=side, metadata=told)
