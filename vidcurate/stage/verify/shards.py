"""All checks of shards: a worker looks at each, then comes what only all of them together can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from vidcurate.progress import progress
from vidcurate.recipe import Verify
from vidcurate.runtime.base import Runtime
from vidcurate.sharder.base import Shard, Sharder
from vidcurate.stage.shard import made_of
from vidcurate.stage.verify.captions import check_captions
from vidcurate.stage.verify.check import Check, checked, guarded, merged
from vidcurate.stage.verify.decode import Batch, Spot, batches, check_decoding, is_drawn
from vidcurate.stage.verify.expected import (
    CAPTIONS,
    check_drops,
    check_membership,
    check_metadata,
    metadata_of,
    recaptioned,
)
from vidcurate.stage.verify.loaders import check_loaders
from vidcurate.stage.verify.records import check_listed
from vidcurate.stage.verify.shard import FORMATS, Inspected, inspect
from vidcurate.stage.verify.subsets import check_subsets
from vidcurate.stage.verify.sums import check_sums
from vidcurate.store.files import Store

INSIDE = ("shards/samples", "shards/media", "shards/metadata", "shards/sidecars")
"""Checks of what lies in shards."""

Metadata = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What there is to look at, and what it should be.

    Attributes:
        store: the dataset.
        sharder: which of its datasets.
        shards: as their records say, sorted by name.
        unreadable: what is wrong with the other records, by key.
        clips: CLIPS.
        media: url of the dataset that has the files of clips; empty where that is not known.
        hashes: hash of the coded frames of every clip by its id.
        decisions: DECISIONS, or None.
        wanted: metadata of every sample that should be there; None where the tables cannot say.
        cut: fingerprint of how the clips were cut, as the commit record of the shards has it.
        doubt: why they cannot; empty if they can.
        settings: how closely to look.
        seed: of the draw of clips that are decoded.
    """

    store: Store
    sharder: Sharder
    shards: Sequence[Shard]
    unreadable: Mapping[str, str]
    clips: pa.Table
    media: str
    hashes: Mapping[str, str]
    decisions: pa.Table | None
    wanted: Mapping[str, Metadata] | None
    cut: str
    doubt: str
    settings: Verify
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is remembered of a shard once it has been looked at.

    Attributes:
        shard: which one.
        checks: by name.
        is_open: whether its keys are known.
        is_sound: whether loaders must be able to read it.
        keys: how often each is in it.
        videos: of every sample by its key the video that it was cut from.
        older: samples whose captions are not those of the tables, which is no fault of the shard.
        batches: clips of it that are to be decoded.
    """

    shard: Shard
    checks: Mapping[str, Check]
    is_open: bool
    is_sound: bool
    keys: Counter[str]
    videos: Mapping[str, str]
    batches: tuple[Batch, ...] = ()
    older: int = 0


def check_shards(look: Look, runtime: Runtime) -> Iterator[Check]:
    """Every check of shards but that of their index.

    Args:
        look: at what.
        runtime: maps over workers.
    """
    work = partial(inspect, sharder=look.sharder, out=look.store.url, clips=look.media)
    found = progress(runtime.map(work, look.shards, models=False), len(look.shards), "verify: shards")
    seen = sorted((_seen(look, entry) for entry in found), key=lambda entry: entry.shard.name)
    files = [entry.checks["shards/files"] for entry in seen]
    yield merged("shards/files", [*files, check_listed(look.store, look.sharder, look.shards, look.unreadable)])
    yield check_sums(look.store, look.sharder, look.shards, look.unreadable)
    for name in INSIDE:
        parts = [entry.checks[name] for entry in seen if name in entry.checks]
        yield merged(name, parts, _untold(look, seen) if name == "shards/metadata" else _unopened(look, seen))
    keys = _together(seen)
    yield checked("shards/keys", _keys(keys))
    if look.wanted is None:
        yield Check(name="shards/membership", note=look.doubt)
    else:
        unseen = sum(entry.shard.num_samples for entry in seen if not entry.is_open)
        yield check_membership(look.store, look.sharder, look.wanted, keys, None if look.unreadable else unseen)
    yield guarded("shards/drops", lambda: check_drops(look.store, look.sharder, look.clips, look.wanted, look.doubt))
    packed = {key: (video, entry.shard.subset) for entry in seen for key, video in entry.videos.items()}
    yield check_subsets(packed, look.clips, look.decisions)
    if not look.unreadable:
        inside = {entry.shard.name: _in_order(entry) for entry in seen}
        yield check_captions(look.store, look.sharder, look.shards, inside, runtime)
    sound = [entry for entry in seen if entry.is_sound]
    names = [entry.shard.files[0].key for entry in sound]
    once, is_whole = _together(sound), len(sound) == len(seen) and not look.unreadable
    yield from check_loaders(look.store, look.sharder, names, once, look.settings.loaders, is_whole=is_whole)
    if look.settings.sample:
        yield check_decoding(look.store, [batch for entry in seen for batch in entry.batches], runtime)


def _in_order(entry: Seen) -> tuple[str, ...] | None:
    return tuple(entry.keys) if entry.is_open and entry.keys.total() == len(entry.keys) else None


def _together(seen: Sequence[Seen]) -> Counter[str]:
    keys: Counter[str] = Counter()
    for entry in seen:
        keys.update(entry.keys)
    return keys


def _seen(look: Look, found: Inspected) -> Seen:
    if found.listed:
        return Seen(
            shard=found.shard,
            checks=found.checks,
            is_open=True,
            is_sound=found.is_sound,
            keys=Counter(dict.fromkeys(found.listed, 1)),
            videos={key: video for key, video in found.listed.items() if video},
        )
    samples, wanted = found.samples or (), look.wanted or {}
    told = {sample.key: metadata_of(sample) for sample in samples if sample.member("json")}
    keys = Counter(sample.key for sample in samples if sample.member("json"))
    facts = {key: wanted.get(key, values) for key, values in told.items() if not isinstance(values, str)}
    checks, older = dict(found.checks), 0
    if found.samples is not None:
        made = partial(made_of, found.shard.name, sharder=look.sharder, cut=look.cut)
        older = recaptioned(found.shard, samples, told, wanted, made, found.vectors)
        passed = CAPTIONS if older else frozenset[str]()
        checks["shards/metadata"] = check_metadata(found.shard, samples, told, look.wanted, passed)
    return Seen(
        shard=found.shard,
        checks=checks,
        is_open=found.samples is not None,
        is_sound=found.is_sound and all(count == 1 for count in keys.values()),
        keys=keys,
        videos={key: str(values.get("video_id", "")) for key, values in facts.items()},
        older=older,
        batches=tuple(batches(found.shard.files[0].key, _spots(look, found, facts))),
    )


def _spots(look: Look, found: Inspected, facts: Mapping[str, Metadata]) -> Iterator[Spot]:
    share = look.settings.sample or 0.0
    for sample in found.samples or ():
        clip, values = sample.member("mp4"), facts.get(sample.key)
        if clip is not None and values is not None and is_drawn(sample.key, share, look.seed):
            shape = {name: _whole(values.get(name)) for name in ("num_frames", "width", "height")}
            digest = look.hashes.get(sample.key) or ""
            yield Spot(key=sample.key, offset=clip.offset, size=clip.size, content_hash=digest, **shape)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _untold(look: Look, seen: Sequence[Seen]) -> str:
    older = sum(entry.older for entry in seen)
    said = f"{older} captions are not those of the tables, from which their shards were not packed" if older else ""
    return look.doubt or said or _unopened(look, seen)


def _unopened(look: Look, seen: Sequence[Seen]) -> str:
    if look.sharder.name not in FORMATS:
        return f"what lies in shards of sharder={look.sharder.name} is not looked at"
    closed = sum(not entry.is_open for entry in seen)
    return f"{closed} of {len(seen)} shards were not opened" if closed else ""


def _keys(keys: Mapping[str, int]) -> Iterator[str | None]:
    for key, count in sorted(keys.items()):
        if count > 1:
            yield f"{count} samples have the key {key!r}"
        else:
            yield f"the key {key!r} has a slash, at which loaders split names" if "/" in key else None
