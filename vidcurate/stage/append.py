"""A new batch of clips beside shards that stay as they are, byte for byte.

What is packed stays packed. A new clip goes to a new shard unless it duplicates a packed one, or would tie both sides
of train/val/test together.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import ConfigError, MissingInput
from vidcurate.sharder.base import Part, Sample, Shard, Sharder
from vidcurate.sharder.plan import plan
from vidcurate.sharder.samples import SUBSETS, Samples
from vidcurate.stage.decide import KNOWN
from vidcurate.stage.packed import keys_of
from vidcurate.stage.review.verdicts import REVIEWED
from vidcurate.stage.shard import packing
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import DECISIONS

log = logging.getLogger(__name__)

FREE = frozenset({"append", "target_bytes", "max_samples", "per_source", "shuffle"})
"""Settings that a new batch may have of its own: they say how its shards are filled, not where a clip belongs."""
DUPLICATE, LEAKS = "duplicate_of_packed", "leaks"


LEFT = pa.schema(
    [
        ("clip_id", pa.string()),  # of a new clip that is not packed
        ("reason", pa.string()),
        ("witness_id", pa.string()),  # the packed clip it duplicates, or one of a side that it must not be on
    ]
)
PACKED = pa.schema([("key", pa.string()), ("source", pa.string()), ("side", pa.int8())])
"""Of the samples that are packed already; a side is an index in `SUBSETS`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What is written, and what stays.

    Attributes:
        parts: shards to be written, sorted by name; none of them is in `base`.
        new: the samples in them.
        base: shards that stay, by name; None where all are written anew.
        packed: PACKED, sorted by key.
        left: LEFT, sorted by id.
        stale: packed clips that would not be chosen today, by reason; they stay.
    """

    parts: Sequence[Part]
    new: Samples
    base: Mapping[str, Shard] | None = None
    packed: pa.Table = field(default_factory=PACKED.empty_table)
    left: pa.Table = field(default_factory=LEFT.empty_table)
    stale: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def keys(self) -> pa.Array:
        """Of all samples."""
        return pa.chunked_array([*self.packed["key"].chunks, *self.new.columns()["key"].chunks]).combine_chunks()


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
    packed = _packed(store, sharder, base)
    if decisions is None:
        decisions = DECISIONS.empty_table()
    samples = Samples.of(chosen)
    keys = samples.columns()["key"]
    known = pc.is_in(keys, value_set=packed["key"].combine_chunks())
    duplicates = _duplicates(decisions, packed)
    admitted = pc.invert(pc.or_(known, pc.is_in(keys, value_set=duplicates["clip_id"].combine_chunks())))
    new, leaks = _sided(samples.take(np.flatnonzero(admitted)), packed, decisions, clips)
    found = Batch(
        parts=_numbered(plan(new, sharder, seed), base),
        new=new,
        base=base,
        packed=packed,
        left=pa.concat_tables([duplicates, leaks]).sort_by("clip_id"),
        stale=_stale(packed["key"], keys, clips, decisions),
    )
    _say(found)
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


def _packed(store: Store, sharder: Sharder, base: Mapping[str, Shard]) -> pa.Table:
    """What the shards hold."""
    tables = []
    for entry in base.values():
        contents = keys_of(store, sharder, entry)
        side = pa.repeat(pa.scalar(SUBSETS.index(entry.subset), pa.int8()), len(contents))
        tables.append(pa.table([list(contents), list(contents.values()), side], schema=PACKED))
    return pa.concat_tables([PACKED.empty_table(), *tables]).sort_by("key").combine_chunks()


def _duplicates(decisions: pa.Table, packed: pa.Table) -> pa.Table:
    """LEFT of new clips whose duplicate group has a packed one, those that dedup drops of such a group among them.

    The witness is a clip's own if that is packed, else the first packed clip that it witnesses, else of its group.
    """
    keys = packed["key"].combine_chunks()
    is_packed = pc.is_in(decisions["id"], value_set=keys)
    ours = decisions.filter(is_packed).sort_by("id").combine_chunks()
    others = pc.or_(is_packed, pc.is_in(decisions["reason"], value_set=pa.array([KNOWN, REVIEWED])))
    new = decisions.filter(pc.invert(others))
    new = new.filter(pc.is_in(new["group_id"], value_set=ours["group_id"].combine_chunks(), skip_nulls=True))
    first = (_first(ours, name, new[of]) for name, of in (("witness_id", "id"), ("group_id", "group_id")))
    own = pc.if_else(pc.is_in(new["witness_id"], value_set=keys), new["witness_id"], None)
    reason = pa.repeat(DUPLICATE, new.num_rows)
    return pa.table([new["id"], reason, pc.coalesce(own, *first)], schema=LEFT)


def _first(ours: pa.Table, column: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Id of the first row whose column holds a value, for each value; null where there is none."""
    return ours["id"].take(pc.index_in(values, value_set=ours[column].combine_chunks(), skip_nulls=True))


def _sided(new: Samples, packed: pa.Table, decisions: pa.Table, clips: pa.Table) -> tuple[Samples, pa.Table]:
    """New clips on the side of the packed ones they are tied to, and LEFT of those that are tied to several.

    A source with packed clips is on their side. Other sources are tied together by duplicate groups, and by those to
    packed clips; what is tied to none keeps the side that it was given.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    keys, columns = packed["key"].combine_chunks(), new.columns()
    sources = pc.unique(pa.chunked_array([*packed["source"].chunks, *clips["video_id"].chunks], pa.string()))
    groups = pc.unique(decisions["group_id"])
    count, video = len(sources), clips["video_id"].take(_rows(decisions["id"], clips["clip_id"]))
    source, group = pc.index_in(video, value_set=sources), pc.index_in(decisions["group_id"], value_set=groups)
    at = _rows(decisions["id"], packed["key"])
    holders = pc.index_in(packed["source"], value_set=sources)  # those that have packed clips are tied to no group
    free = pc.and_(pc.is_null(at), pc.invert(pc.is_in(source, value_set=holders.combine_chunks())))
    free = pc.and_(free, pc.is_valid(source)).to_numpy()
    ties = source.filter(free).to_numpy(), count + group.filter(free).to_numpy()
    nodes = count + len(groups)
    graph = coo_array((np.ones(len(ties[0]), np.bool_), ties), shape=(nodes, nodes))
    label = connected_components(graph, directed=False)[1]
    there = pc.is_valid(at)
    held = label[np.concatenate([holders.to_numpy(), count + group.filter(there).to_numpy()])]
    rows = np.concatenate([np.arange(len(keys)), at.filter(there).to_numpy()])
    reached = np.zeros((nodes, len(SUBSETS)), np.bool_)
    reached[held, packed["side"].to_numpy()[rows]] = True
    first = np.full(nodes, len(keys))
    np.minimum.at(first, held, rows)
    mine = label[pc.index_in(columns["source"].cast(pa.string()), value_set=sources).to_numpy()]
    sides = np.where(reached[mine].any(axis=1), reached[mine].argmax(axis=1), columns["subset"].to_numpy())
    leaks = reached[mine].sum(axis=1) > 1
    kept, lost = np.flatnonzero(~leaks), np.flatnonzero(leaks)
    left = [columns["key"].take(pa.array(lost)), pa.repeat(LEAKS, len(lost)), keys.take(pa.array(first[mine[lost]]))]
    return new.take(kept).moved(sides[kept].astype(np.int8)), pa.table(left, schema=LEFT)


def _rows(names: pa.ChunkedArray, among: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.index_in(names, value_set=among.combine_chunks())


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
    packed: pa.ChunkedArray, chosen: pa.ChunkedArray, clips: pa.Table, decisions: pa.Table
) -> dict[str, list[str]]:
    """Packed clips that are not chosen any more, by what the filters or dedup say of them now."""
    stale = packed.filter(pc.invert(pc.is_in(packed, value_set=chosen.combine_chunks())))
    dropped = decisions.filter(pc.invert(decisions["kept"]))
    at = _rows(stale, clips["clip_id"])
    filtered = pc.fill_null(clips["reason"].take(at), "")
    late = pc.fill_null(dropped["reason"].take(_rows(stale, dropped["id"])), "")
    reasons = pc.if_else(pc.is_null(at), "gone", pc.if_else(pc.equal(filtered, ""), late, filtered))
    found: dict[str, list[str]] = defaultdict(list)
    for key, reason in zip(stale.to_pylist(), reasons.to_pylist(), strict=True):
        found[reason].append(key)
    return dict(sorted(found.items()))


def _say(found: Batch) -> None:
    reasons = {row["values"]: row["counts"] for row in found.left["reason"].value_counts().to_pylist()}
    log.info(
        "append: %d clips stay packed, %d are new in %d shards; left out: %s",
        found.packed.num_rows, len(found.new), len(found.parts), dict(sorted(reasons.items())),
    )  # fmt: skip
    for reason, names in found.stale.items():
        log.warning(
            "append: %d packed clips would be dropped today as %s and stay: %s", len(names), reason, ", ".join(names)
        )
