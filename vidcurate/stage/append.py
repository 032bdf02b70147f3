"""A new batch of clips beside shards that stay as they are, byte for byte.

What is packed stays packed. A new clip goes to a new shard unless it duplicates a packed one, or would tie both sides
of train/val/test together.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from vidcurate.errors import ConfigError, MissingInput
from vidcurate.sharder.base import Part, Sample, Shard, Sharder, Subset
from vidcurate.sharder.plan import plan
from vidcurate.stage.decide import KNOWN
from vidcurate.stage.packed import keys_of
from vidcurate.stage.shard import packing
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

FREE = frozenset({"append", "target_bytes", "max_samples", "per_source", "shuffle"})
"""Settings that a new batch may have of its own: they say how its shards are filled, not where a clip belongs."""
DUPLICATE, LEAKS = "duplicate_of_packed", "leaks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A new clip that is not packed.

    Attributes:
        clip_id: which one.
        reason: `duplicate_of_packed` or `leaks`.
        witness_id: the packed clip it duplicates, or one of a side that it must not be on; empty for none.
    """

    clip_id: str
    reason: str
    witness_id: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What is written, and what stays.

    Attributes:
        parts: shards to be written, sorted by name; none of them is in `base`.
        base: shards that stay, by name; None where all are written anew.
        sides: subset of each clip that is packed already.
        left: new clips that are not packed, sorted by id.
        stale: packed clips that would not be chosen today, by reason; they stay.
    """

    parts: Sequence[Part]
    base: Mapping[str, Shard] | None = None
    sides: Mapping[str, Subset] = field(default_factory=dict)
    left: Sequence[Left] = ()
    stale: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """Of all samples."""
        return [*self.sides, *(sample.key for part in self.parts for sample in part.samples)]


def batch(
    store: Store,
    stored: Mapping[str, Shard],
    chosen: Sequence[Sample],
    clips: pa.Table,
    decisions: pa.Table | None,
    sharder: Sharder,
    seed: int,
    cut: str,
) -> Batch:
    """Plan an append to a dataset that has been packed.

    Args:
        store: the dataset.
        stored: its shards by name; those that its commit record does not name are left by an append that was killed.
        chosen: the clips that filters and dedup keep today, packed ones included.
        clips: CLIPS.
        decisions: DECISIONS; None for a dataset that is not deduplicated.
        sharder: writes the new shards.
        seed: of the shuffle.
        cut: fingerprint of how the clips were cut and encoded.

    Raises:
        ConfigError: the packed shards were made with other settings.
        MissingInput: packed shards are gone.
    """
    record = committed(store, sharder.folder)
    _check(record, packing(sharder, cut), sharder)
    lost = [name for name in record["names"] if name not in stored]
    if lost:
        raise MissingInput(f"{sharder.folder}: {len(lost)} shards are gone, e.g. {lost[0]}; pack anew without append")
    base = {name: stored[name] for name in record["names"]}
    contents = {name: keys_of(store, sharder, entry) for name, entry in base.items()}
    sides: dict[str, Subset] = {key: base[name].subset for name, keys in contents.items() for key in keys}
    sources = {key: video for keys in contents.values() for key, video in keys.items()}
    rows = [] if decisions is None else decisions.to_pylist()
    new, left = _admitted([sample for sample in chosen if sample.key not in sides], rows, sides)
    new, leaks = _sided(new, sides, sources, rows, clips)
    found = Batch(
        parts=_numbered(plan(new, sharder, seed), base),
        base=base,
        sides=sides,
        left=sorted(left + leaks, key=lambda entry: entry.clip_id),
        stale=_stale(sides, {sample.key for sample in chosen}, clips, rows),
    )
    _say(found, len(sides), len(new))
    return found


def _check(record: Mapping[str, Any], wanted: Mapping[str, Any], sharder: Sharder) -> None:
    if "names" not in record:
        raise ConfigError([f"sharder.append=true: {sharder.folder} does not say how it was packed; pack it anew first"])
    before = record["sharder"]
    problems = [
        f"sharder.{name}={value!r}, but {sharder.folder} was packed with {before.get(name)!r}"
        for name, value in wanted["sharder"].items()
        if name not in FREE and before.get(name) != value
    ]
    if record["cut"] != wanted["cut"]:
        problems.append("splitter or transcoder: the clips were cut anew since, and none of those packed is among them")
    if problems:
        advice = "keep the setting, or pack anew with sharder.append=false"
        raise ConfigError([f"sharder.append=true: {problem}; {advice}" for problem in problems])


def _admitted(
    new: Sequence[Sample], rows: Sequence[Mapping[str, Any]], sides: Mapping[str, Subset]
) -> tuple[list[Sample], list[Left]]:
    """New clips without those whose duplicate group has a packed one; what dedup drops of such a group is named, too.

    The witness is a clip's own if that is packed, else the first packed clip that it witnesses, else of its group.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    witnessed: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["id"] in sides:
            groups[row["group_id"]].append(row["id"])
            witnessed[row["witness_id"]].append(row["id"])
    left = []
    for row in rows:
        if row["id"] not in sides and row["reason"] != KNOWN and (packed := groups.get(row["group_id"])):
            own = row["witness_id"] if row["witness_id"] in sides else None
            witness = own or min(witnessed.get(row["id"]) or packed)
            left.append(Left(clip_id=row["id"], reason=DUPLICATE, witness_id=witness))
    gone = {entry.clip_id for entry in left}
    return [sample for sample in new if sample.key not in gone], left


def _sided(
    new: Sequence[Sample],
    sides: Mapping[str, Subset],
    sources: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    clips: pa.Table,
) -> tuple[list[Sample], list[Left]]:
    """New clips on the side of the packed ones they are tied to, and those that are tied to several.

    A source with packed clips is on their side. Other sources are tied together by duplicate groups, and by those to
    packed clips; what is tied to none keeps the side that it was given.
    """
    packed: dict[str, dict[Subset, str]] = defaultdict(dict)
    for key in sorted(sides):
        packed[f"source {sources[key]}"].setdefault(sides[key], key)
    ties, videos = _Ties(), dict(zip(clips["clip_id"].to_pylist(), clips["video_id"].to_pylist(), strict=True))
    for row in rows:
        source, group = f"source {videos.get(row['id'])}", f"group {row['group_id']}"
        if row["id"] in sides:
            packed[group].setdefault(sides[row["id"]], row["id"])
        elif source not in packed and row["id"] in videos:
            ties.join(source, group)
    reached: dict[str, dict[Subset, str]] = defaultdict(dict)
    for name, witnesses in packed.items():
        reached[ties.root(name)] = witnesses | reached[ties.root(name)]
    kept, left = [], []
    for sample in new:
        found = reached.get(ties.root(f"source {sample.source}"), {})
        if len(found) > 1:
            left.append(Left(clip_id=sample.key, reason=LEAKS, witness_id=min(found.values())))
        else:
            side = next(iter(found), sample.subset)
            metadata = {name: side if name == "subset" else value for name, value in sample.metadata.items()}
            kept.append(replace(sample, subset=side, metadata=metadata))
    return kept, left


class _Ties:
    """Names that belong together, directly or by way of others."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def root(self, name: str) -> str:
        """The one that stands for all that are tied to a name."""
        while (parent := self._parents.get(name, name)) != name:
            self._parents[name] = self._parents.get(parent, parent)
            name = parent
        return name

    def join(self, one: str, other: str) -> None:
        """Tie two names together."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low


def _numbered(parts: Sequence[Part], base: Mapping[str, Shard]) -> list[Part]:
    """Parts whose numbers follow those of the shards in the same folder."""
    following: dict[str, int] = defaultdict(int)
    for folder, number in map(_place, base):
        following[folder] = max(following[folder], number + 1)
    placed = ((part, *_place(part.name)) for part in parts)
    return [replace(part, name=f"{folder}{number + following[folder]:06d}") for part, folder, number in placed]


def _place(name: str) -> tuple[str, int]:
    folder, slash, number = name.rpartition("/")
    return folder + slash, int(number)


def _stale(
    sides: Mapping[str, Subset], chosen: set[str], clips: pa.Table, rows: Sequence[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Packed clips that are not chosen any more, by what the filters or dedup say of them now."""
    filtered = dict(zip(clips["clip_id"].to_pylist(), clips["reason"].to_pylist(), strict=True))
    dropped = {row["id"]: row["reason"] for row in rows if not row["kept"]}
    found: dict[str, list[str]] = defaultdict(list)
    for key in sorted(sides.keys() - chosen):
        found[(filtered[key] or dropped.get(key, "")) if key in filtered else "gone"].append(key)
    return dict(sorted(found.items()))


def _say(found: Batch, packed: int, new: int) -> None:
    reasons = dict(sorted(Counter(entry.reason for entry in found.left).items()))
    log.info(
        "append: %d clips stay packed, %d are new in %d shards; left out: %s", packed, new, len(found.parts), reasons
    )
    for reason, names in found.stale.items():
        log.warning(
            "append: %d packed clips would be dropped today as %s and stay: %s", len(names), reason, ", ".join(names)
        )
