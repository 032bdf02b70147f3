"""What a sharder is: it packs the clips that survived into the files that training reads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pydantic
from numpy.typing import NDArray

from vidcurate.registry import Component, Count, Fraction01, settings
from vidcurate.sharder.bins import (
    ASPECTS,
    BINS,
    DURATIONS,
    RESOLUTIONS,
    Aspects,
    Bin,
    Edges,
    binned,
    bins_of,
)
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from vidcurate.sharder.samples import Samples

Subset = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """One clip on its way into a shard.

    Attributes:
        key: the clip's id; unique in the dataset and free of dots.
        media: key of the clip's file in the store that holds the clips.
        num_bytes: size of that file.
        width: display width in pixels.
        height: display height in pixels.
        duration: seconds.
        source: id of the video that it was cut from.
        caption: text, or an empty string.
        metadata: what the sample's .json holds; the same keys in every sample.
        subset: the side of the train/val/test split that it is on.
        vector: float32 [dim], its embedding; None where no sharder asks for it.
    """

    key: str
    media: str
    num_bytes: int
    width: int
    height: int
    duration: float
    source: str
    caption: str
    metadata: Mapping[str, Any]
    subset: Subset = "train"
    vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A shard that is to be written.

    Attributes:
        name: path below the sharder's folder, without a suffix, e.g. `resolution_720/duration_5_10/000003`.
        subset: of all its samples.
        bins: of all its samples; only what the dataset is binned by.
        samples: in the order in which they are read; one at least. Those of a plan are made as they are asked for.
    """

    name: str
    subset: Subset
    bins: Mapping[Bin, str]
    samples: Sequence[Sample]

    @property
    def num_bytes(self) -> int:
        """Of all its clips."""
        return sum(sample.num_bytes for sample in self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that has been written.

    Attributes:
        key: where it lies in the store.
        num_bytes: its size.
        sha256: its checksum, hexadecimal; empty where checksums are not wanted.
    """

    key: str
    num_bytes: int
    sha256: str


Pack = Callable[[Store, Store, Part], tuple[File, ...]]
"""(store of the clips, store of the dataset, part) -> the files that make up its shard, the one with the clips first.

It runs on a worker, depends on the part alone, and leaves nothing behind where it fails.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A part that has been written, as `{name}.json` beside it says.

    Attributes:
        name: of the part.
        subset: of all its samples.
        bins: of all its samples.
        num_samples: in it.
        duration: of all its samples together, in seconds.
        files: that make it up, the one with the clips first.
        made_from: fingerprint of the part and of how it was written.
    """

    name: str
    subset: Subset
    bins: Mapping[Bin, str]
    num_samples: int
    duration: float
    files: tuple[File, ...]
    made_from: str

    @property
    def num_bytes(self) -> int:
        """Of all its files."""
        return sum(file.num_bytes for file in self.files)


@settings
class Sharder(Component):
    """How the dataset is packed.

    Attributes:
        target_bytes: a shard is closed before it grows past this; one clip is in it at least.
        bins: what has folders of its own: resolution, aspect, duration, nested in this order whatever the order given.
        resolutions: edges of the bins of the shorter side, in pixels.
        aspects: upper border of width / height of each bin, by name; what is wider is `other`. A mapping or pairs.
        durations: edges of the bins of the length, in seconds.
        max_samples: clips in a shard at most; None is any number.
        shuffle: whether clips lie in an order that a hash of seed and key gives each, whatever the others; else by key.
        per_source: clips of one source video in a shard at most; None is any number.
        multiple_of: the number of shards of each subset is a multiple of it, so that so many readers share them evenly.
        val: share of the clips that goes to validation, by whole sources; see `vidcurate.stage.subsets`.
        test: share that goes to the test set.
        append: leave shards that are there as they are, and pack clips that are in none into new ones beside them.
    """

    kind: ClassVar[str] = "sharder"
    volatile: ClassVar[frozenset[str]] = frozenset({"append"})
    computes: ClassVar[bool] = True
    """Whether `load` wants to know the device; finding it takes seconds."""
    closing: ClassVar[int] = 0
    """Bytes that a shard takes beside its samples."""

    target_bytes: Annotated[int, pydantic.Field(gt=0)] = 500 * 1024**2
    bins: tuple[Bin, ...] = BINS
    resolutions: Edges = RESOLUTIONS
    aspects: Aspects = ASPECTS
    durations: Edges = DURATIONS
    max_samples: Count | None = None
    shuffle: bool = True
    per_source: Count | None = None
    multiple_of: Count = 1
    val: Fraction01 = 0.0
    test: Fraction01 = 0.0
    append: bool = False

    @pydantic.model_validator(mode="after")
    def _leaves_clips_to_train(self) -> Sharder:
        if self.val + self.test >= 1:
            raise ValueError(f"val={self.val} and test={self.test} leave nothing to train; their sum must be below 1")
        return self

    @property
    def has_subsets(self) -> bool:
        """Whether shards of train, val and test have folders of their own."""
        return self.val > 0 or self.test > 0

    def bins_of(self, width: int, height: int, duration: float) -> dict[Bin, str]:
        """All bins of a clip of this display size in pixels and this length in seconds, with folders or without."""
        return bins_of(width, height, duration, self.resolutions, self.aspects, self.durations)

    def binned(self, clips: pa.Table) -> dict[Bin, pa.DictionaryArray]:
        """All bins of n clips, by their columns `width`, `height` and `duration`."""
        return binned(clips, self.resolutions, self.aspects, self.durations)

    @property
    @abstractmethod
    def folder(self) -> str:
        """Folder of the dataset that the shards go to."""

    @property
    def wants_vectors(self) -> bool:
        """Whether samples need their embedding."""
        return False

    @property
    def runs_models(self) -> bool:
        """Whether a shard is written with the help of models."""
        return False

    @abstractmethod
    def size(self, sample: Sample) -> int:
        """Bytes that a sample takes in a shard."""

    def sizes(self, samples: Samples) -> NDArray[np.int64]:
        """`size` of n samples, int64 [n]; those that make no object of each take a tenth of the time."""
        return np.fromiter(map(self.size, samples), np.int64, len(samples))

    @abstractmethod
    def load(self, device: str) -> Pack:
        """The function that writes a shard."""

    @abstractmethod
    def index(self, store: Store, shards: Sequence[Shard]) -> None:
        """Write what lists the whole dataset, once all shards are there.

        Args:
            store: the dataset.
            shards: sorted by name.
        """
