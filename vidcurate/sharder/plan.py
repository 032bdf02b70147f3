"""Which samples lie together in a shard, and in which order: decided before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from vidcurate.errors import ShapeError
from vidcurate.sharder.base import Part, Sample, Sharder
from vidcurate.sharder.bins import folder_of


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
    """
    check_keys(samples)
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.key):
        groups[folder_of(sharder.bins_of(sample.width, sample.height, sample.duration), sharder.bins)].append(sample)
    return [part for folder, group in sorted(groups.items()) for part in _parts(sharder, folder, group)]


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


def _parts(sharder: Sharder, folder: str, group: Sequence[Sample]) -> Iterator[Part]:
    bins = sharder.bins_of(group[0].width, group[0].height, group[0].duration)
    chosen = {name: value for name, value in bins.items() if name in sharder.bins}
    for number, samples in enumerate(_pack(group, sharder)):
        name = "/".join(word for word in (folder, f"{number:06d}") if word)
        yield Part(name=name, subset="train", bins=chosen, samples=tuple(samples))


def _pack(samples: Sequence[Sample], sharder: Sharder) -> Iterator[list[Sample]]:
    part: list[Sample] = []
    size = 0
    for sample in samples:
        added = sharder.size(sample)
        if part and size + added + sharder.closing > sharder.target_bytes:
            yield part
            part, size = [], 0
        part.append(sample)
        size += added
    yield part
