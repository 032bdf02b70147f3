"""Takes videos out of a dataset with all that was made of them, keeps them out, and proves that nothing is left.

A journal is written before anything is touched, so that a run which is killed can be started again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.sharder.base import Part
from vidcurate.stage.captions import prune_captions
from vidcurate.stage.clean import clean, without
from vidcurate.stage.gone import Search, everything, search
from vidcurate.stage.inputs import Inputs
from vidcurate.stage.inputs import without as without_inputs
from vidcurate.stage.settle import read_tables
from vidcurate.stage.shard import DROPS_FILE, Whole, finish, made_from, pack_part, record_key, stored_shards
from vidcurate.stage.traces import Takedown, built, sharders, traces
from vidcurate.stage.unpack import unpack
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.store.provenance import KEY as RUN
from vidcurate.store.reach import located
from vidcurate.telemetry.journal import is_log

log = logging.getLogger(__name__)

LIST = "takedown.json"
"""Ids of the videos that must not come in again."""
JOURNAL = "_takedown.json"
"""What a takedown that is not finished is about."""


def take_down(store: Store, source_ids: Sequence[str]) -> Takedown:
    """Remove videos and everything made of them, and prove it.

    Args:
        store: the dataset.
        source_ids: ids of videos or their uris, as in VIDEOS; or one text file that names them, one a line.

    Returns:
        What is gone; empty where all were gone before.

    Raises:
        ConfigError: no such videos; nothing has been touched.
        VidcurateError: something of them is left.

    `conclude` ends it, once reports are written.
    """
    wanted = _read(source_ids)
    if store.exists(JOURNAL):
        pending = Takedown(**store.read_json(JOURNAL))
        log.info("takedown: going on with one that was not finished: %d videos", len(pending.videos))
        _carry_out(store, pending)
        wanted = [name for name in wanted if name not in pending.given]
        if not wanted:
            return pending
    if not wanted:
        raise ConfigError(["source_ids names no video; give source_ids=[ID,...], uris, or source_ids=FILE.txt"])
    found = traces(store, wanted, _listed(store)["video_ids"])
    if not found.videos:
        log.info("takedown: up to date, nothing of these videos is in the dataset")
        return found
    store.write_json(JOURNAL, asdict(found))
    _carry_out(store, found)
    return found


def conclude(store: Store, taken: Takedown) -> None:
    """Search what has been written since, and lay the journal aside.

    Raises:
        VidcurateError: something of the videos is left.
    """
    demand_gone(store, taken, [key for key in ("summary.json", "run.json", "report.html") if store.exists(key)])
    store.remove(JOURNAL)


def demand_finished(store: Store) -> None:
    """Refuse to work on a dataset that is half cleaned.

    Raises:
        MissingInput: a takedown was killed.
    """
    if store.exists(JOURNAL):
        raise MissingInput(
            f"{store.url}: a takedown was not finished; run +experiment=takedown with this out=... first"
        )


def demand_gone(store: Store, taken: Takedown, keys: Sequence[str]) -> Search:
    """Search files for what was taken down.

    Raises:
        VidcurateError: something is left.
    """
    seen = search(store, taken.ids, taken.media, keys)
    if seen.found:
        raise VidcurateError(
            f"takedown: {len(seen.found)} traces are left: {'; '.join(seen.found[:10])}. Remove what vidcurate has not "
            "written, and run the same takedown again"
        )
    return seen


def taken_down(store: Store) -> dict[str, Any] | None:
    """Number of `videos` that must stay out, and what the `last` takedown has searched; None where there are none."""
    listed = _listed(store)
    return {"videos": len(listed["video_ids"]), "last": listed.get("last")} if listed["video_ids"] else None


def taken_ids(store: Store) -> frozenset[str]:
    """Ids of the videos that were taken down."""
    return frozenset(_listed(store)["video_ids"])


def without_taken(store: Store, inputs: Inputs) -> Inputs:
    """Inputs without the videos that were taken down, which become records of their own."""
    left = without_inputs(inputs, taken_ids(store))
    if left.taken:
        log.info("split: %d inputs were taken down and stay out: %s lists them", len(left.taken), LIST)
    return left


def _read(source_ids: Sequence[str]) -> list[str]:
    if len(source_ids) != 1 or not source_ids[0].endswith(".txt"):
        return list(source_ids)
    try:
        fs, path = located(source_ids[0])
        lines = [line.strip() for line in fs.cat_file(path).decode("utf-8-sig").splitlines()]
    except OSError as error:
        raise ConfigError([f"source_ids={source_ids[0]!r} cannot be read: {error}"]) from error
    return [line for line in lines if line and not line.startswith("#")]


def _listed(store: Store) -> dict[str, Any]:
    return cast("dict[str, Any]", store.read_json(LIST)) if store.exists(LIST) else {"video_ids": []}


def _carry_out(store: Store, taken: Takedown) -> None:
    """Do what a journal says; done twice it is as done once."""
    listed = _listed(store)
    store.write_json(LIST, listed | {"video_ids": sorted({*listed["video_ids"], *taken.videos})})
    for folder in taken.whole:
        store.remove(folder)
        log.warning(
            "takedown: %s is removed as a whole: its shards cannot be written without a clip; pack anew", folder
        )
    kept = (entry for sharder, _ in sharders(store) for entry in stored_shards(store, sharder).values())
    shards = {file.key for entry in kept for file in entry.files}
    clean(store, taken.videos, taken.clips, shards)
    for folder, holding in taken.shards.items():  # after the tables, from which they are described
        _rewrite(store, folder, holding, taken)
    left = everything(store, (JOURNAL, LIST, RUN))  # the last is searched by `conclude`
    seen = demand_gone(store, taken, [key for key in left if not is_log(key)])
    demand_gone(store, taken, [key for key in left if is_log(key)])  # not counted: how many there are is told by clocks
    proof = {"videos": len(taken.videos), "clips": len(taken.clips), "files": seen.files, "bytes": seen.num_bytes}
    store.write_json(LIST, _listed(store) | {"last": proof | {"orphans": len(taken.orphans)}})
    shown = sum(map(len, taken.shards.values()))
    log.info(
        "takedown: %d videos and %d clips are gone, %d shards written anew", proof["videos"], proof["clips"], shown
    )
    log.info("takedown: %d files, %d bytes searched: nothing of them is left", seen.files, seen.num_bytes)
    if taken.orphans:
        names = ", ".join(taken.orphans)
        log.warning(
            "takedown: %d clips were dropped only as duplicates of a clip that is gone; run +experiment=dedup again to "
            "let them in: %s",
            len(taken.orphans),
            names,
        )


def _rewrite(store: Store, folder: str, names: Sequence[str], taken: Takedown) -> None:
    """Write shards again without some of their samples, or remove those that are left empty, and list all anew."""
    gone = frozenset(taken.clips)
    record = committed(store, folder)
    sharder = built(record)
    stored = stored_shards(store, sharder)
    for entry in (stored[name] for name in names if name in stored):
        key = f"{folder}/{entry.name}.tar"
        with store.staging() as staging:
            samples = unpack(store, key, entry.subset, gone, staging) if store.exists(key) else []
            if samples:
                part = Part(name=entry.name, subset=entry.subset, bins=entry.bins, samples=tuple(samples))
                pack_part(
                    part, made_from(part, sharder, record["cut"]), sharder=sharder, clips=str(staging), out=store.url
                )
                continue
        for path in store.keys(key.rpartition("/")[0]):
            if path.startswith(f"{folder}/{entry.name}."):  # what loaders have beside the tar is no file of the shard
                store.remove(path)
        store.remove(record_key(sharder, entry.name))
    stale = {reason: [key for key in keys if key not in gone] for reason, keys in record.get("stale", {}).items()}
    left = {reason: keys for reason, keys in stale.items() if keys}
    shards = list(stored_shards(store, sharder).values())
    prune_captions(store, sharder, shards, names, gone)
    drops = f"{folder}/{DROPS_FILE}"
    rows = without(store.read_table(drops), taken.ids) if store.exists(drops) else None
    finish(
        store,
        sharder,
        shards,
        Whole(cut=record["cut"], stale=left, drops=rows, tables=read_tables(store), about=record["about"]),
    )
