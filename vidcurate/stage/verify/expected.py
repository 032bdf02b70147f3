"""What the tables say of the samples that a dataset should hold, and whether the shards hold just those."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import chain
from typing import Any

import pyarrow as pa

from vidcurate.registry import canonical
from vidcurate.sharder.base import Shard, Sharder
from vidcurate.stage.dropped import with_vectors
from vidcurate.stage.review.heed import kept_by_word, overruled
from vidcurate.stage.samples import samples
from vidcurate.stage.settle import Tables
from vidcurate.stage.shard import DROPS_FILE
from vidcurate.stage.verify.check import Check, checked, rows
from vidcurate.stage.verify.tar import Packed
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.table import DROPS

OF_THE_SHARD = ("subset", "bins")
"""Keys of the metadata that the shard's record knows, not the tables."""
CAPTIONS = frozenset({"caption", "windows"})
"""Keys of the metadata that a dataset may have anew after its shards were packed."""


def expected(
    store: Store, tables: Tables, decisions: pa.Table | None, sharder: Sharder
) -> dict[str, Mapping[str, Any]]:
    """Metadata of every sample by its key; without clips that an append has left out.

    Raises:
        MissingInput: the decisions do not fit the clips.
    """
    clips = overruled(tables.clips, kept_by_word(decisions))
    clips = clips if decisions is None else with_vectors(store, clips, decisions)
    left = {row["id"] for row in rows(_drops(store, sharder)) if row["stage"] == "shard"}
    found = samples(replace(tables, clips=clips), decisions, sharder)
    return {sample.key: json.loads(json.dumps(sample.metadata)) for sample in found if sample.key not in left}


def metadata_of(sample: Packed) -> dict[str, Any] | str:
    """What the .json of a sample holds, or why it cannot be read."""
    member = sample.member("json")
    try:
        values = json.loads(member.content if member is not None else b"")
    except ValueError as error:
        return str(error)
    return values if isinstance(values, dict) else f"a {type(values).__name__}, not a mapping"


def check_metadata(
    shard: Shard,
    samples: Sequence[Packed],
    told: Mapping[str, dict[str, Any] | str],
    wanted: Mapping[str, Mapping[str, Any]] | None,
    passed: Set[str] = frozenset(),
) -> Check:
    """A part of `shards/metadata`: every .json is one, has the keys of all, and says what the tables say.

    Args:
        shard: which one.
        samples: in it.
        told: what their .json hold, by key.
        wanted: what they should; None where the tables cannot be compared with.
        passed: names that the tables do not decide about, beside `OF_THE_SHARD`.
    """
    readable = (values for values in told.values() if not isinstance(values, str))
    names = set(next(chain((wanted or {}).values(), readable), ()))
    return checked(
        "shards/metadata",
        (
            _difference(shard, sample, told[sample.key], names, _without(passed, (wanted or {}).get(sample.key, {})))
            for sample in samples
            if sample.key in told
        ),
    )


def check_membership(
    store: Store, sharder: Sharder, wanted: Set[str] | Mapping[str, object], keys: Mapping[str, int], unseen: int | None
) -> Check:
    """`shards/membership`: the shards hold every clip that stays and no other.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        wanted: keys of the clips that stay.
        keys: of all samples that were found.
        unseen: samples of shards that could not be opened, as their records count them; None where a record cannot be
            read, so that nothing can be said to be missing.
    """
    stale = _stale(store, sharder)
    missing, foreign = sorted(set(wanted) - set(keys)), sorted(set(keys) - set(wanted) - stale)

    def findings() -> Iterator[str | None]:
        yield from (None for key in keys if key in wanted)
        yield from (f"sample {key!r} is of no clip that stays" for key in foreign)
        if unseen is None:
            return
        if len(missing) > unseen:
            yield from (f"clip {key} stays, but is in no shard" for key in missing)
        elif len(missing) < unseen and not stale:
            yield f"records count {unseen} samples in shards that were not opened, {len(missing)} clips are left"
        elif unseen:
            yield None

    return checked("shards/membership", findings())


def check_drops(
    store: Store, sharder: Sharder, clips: pa.Table, wanted: Mapping[str, object] | None, doubt: str
) -> Check:
    """`shards/drops`: drops.parquet lists, with a reason, the clips that do not stay, and no other.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        clips: CLIPS, all that were cut.
        wanted: those that stay, by their ids; None where that cannot be said.
        doubt: why it cannot.
    """
    key = f"{sharder.folder}/{DROPS_FILE}"
    if not store.exists(key):
        return Check(name="shards/drops", note=f"{key} is not there")
    reasons = {row["id"]: row["reason"] for row in rows(_drops(store, sharder))}
    if wanted is None:
        return Check(name="shards/drops", note=doubt)
    stale = _stale(store, sharder)

    def finding(clip: str) -> str | None:
        if clip in wanted:
            return f"clip {clip} stays, but {key} lists it" if clip in reasons else None
        return None if clip in stale or reasons.get(clip) else f"clip {clip} is dropped, but {key} does not say why"

    return checked("shards/drops", map(finding, clips["clip_id"].to_pylist()))


def _drops(store: Store, sharder: Sharder) -> pa.Table:
    """DROPS; empty where they are not there."""
    key = f"{sharder.folder}/{DROPS_FILE}"
    return store.read_table(key, ["id", "stage", "reason"]) if store.exists(key) else DROPS.empty_table()


def _stale(store: Store, sharder: Sharder) -> set[str]:
    """Clips that an append has found packed and would not choose today; they stay."""
    return {key for names in dict(committed(store, sharder.folder).get("stale") or {}).values() for key in names}


def recaptioned(
    shard: Shard,
    samples: Sequence[Packed],
    told: Mapping[str, dict[str, Any] | str],
    wanted: Mapping[str, Mapping[str, Any]],
    made_of: Callable[[Sequence[str]], str],
    vectors: Mapping[str, str],
) -> int:
    """Samples whose captions are others than in the tables, of a shard that was not packed from these tables.

    Args:
        shard: which one; its record says what it was made from.
        samples: in it.
        told: what their .json hold, by key.
        wanted: what the tables say.
        made_of: what the record of a shard of such samples would say.
        vectors: SHA-256 of the embeddings in it, by key.
    """
    facts, differ = list[str](), 0
    for sample in samples:
        values, truth, clip = told.get(sample.key), wanted.get(sample.key, {}), sample.member("mp4")
        if isinstance(values, dict):
            differ += bool(truth) and any(values.get(name) != truth.get(name) for name in CAPTIONS)
        subset = {"subset": shard.subset} if "subset" in truth else {}
        size, vector = clip.size if clip else 0, vectors.get(sample.key, False)
        facts.append(canonical(sample.key, size, {**truth, **subset}, vector))
    return differ if differ and made_of(facts) != shard.made_from else 0


def _without(names: Set[str], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if name not in names and name not in OF_THE_SHARD}


def _difference(
    shard: Shard, sample: Packed, values: dict[str, Any] | str, names: set[str], wanted: Mapping[str, Any]
) -> str | None:
    where, text = f"{shard.files[0].key}: sample {sample.key!r}", sample.member("txt")
    if isinstance(values, str):
        return f"{where}: its .json cannot be read: {values}"
    if set(values) != names:
        return f"{where}: its .json has other keys than those of all: {', '.join(sorted(set(values) ^ names))}"
    if text is not None and text.content.decode(errors="replace") != values.get("caption", ""):
        return f"{where}: its .txt and the caption in its .json differ"
    truth = {**wanted, "subset": shard.subset} if "subset" in values else wanted
    wrong = [
        f"{name} {values.get(name)!r}, expected {value!r}" for name, value in truth.items() if values.get(name) != value
    ]
    return f"{where}: {'; '.join(wrong)}" if wrong else None
