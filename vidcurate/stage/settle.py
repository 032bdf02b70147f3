"""From records to tables: thresholds are applied to stored scores, and every clip's file goes where its fate says."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.recipe import Recipe
from vidcurate.stage.judge import UNSEEN, judge, lines
from vidcurate.stage.place import Move, Placed, place
from vidcurate.stage.record import Record, Row, wanted
from vidcurate.store.commit import commit, committed
from vidcurate.store.files import Store
from vidcurate.store.rows import RowWriter
from vidcurate.table import BOUNDS, CAPTIONS, CLIPS, FAILURES, HASHES, SCORES, VIDEOS

log = logging.getLogger(__name__)

FOLDER = "tables"
GONE = "file_removed"
"""Reason of clips that pass the filters but have no file."""
SCHEMAS = {
    "videos": VIDEOS,
    "clips": CLIPS,
    "scores": SCORES,
    "bounds": BOUNDS,
    "captions": CAPTIONS,
    "hashes": HASHES,
    "failures": FAILURES,
}
"""Of the tables, by name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """What is known about a dataset after split.

    Attributes:
        videos: VIDEOS, sorted by uri.
        clips: CLIPS, in the order of their videos.
        scores: SCORES of the recipe's filters.
        bounds: BOUNDS of the recipe's filters, percentiles as the numbers they came to.
        captions: CAPTIONS.
        hashes: HASHES.
        failures: FAILURES.
    """

    videos: pa.Table
    clips: pa.Table
    scores: pa.Table
    bounds: pa.Table
    captions: pa.Table
    hashes: pa.Table
    failures: pa.Table


def settle(
    store: Store, records: Iterable[Record], recipe: Recipe, may_cut: Collection[str] = frozenset()
) -> frozenset[str]:
    """Apply the filters' bounds, put clips where they belong, and write all tables, in bounded memory.

    Args:
        store: the dataset.
        records: of this recipe's cut, sorted by the uris of their inputs and by their keys. They are iterated once,
            and before that once more where a bound is a percentile.
        recipe: the filters, and whether dropped clips keep their files.
        may_cut: keys of records whose videos are there to be cut again.

    Returns:
        Keys of the records that have a clip which passes the filters, or may, but has no file, because an earlier run
        with `keep_filtered=false` has removed it. If any of them is in `may_cut`, nothing has been changed.
    """
    found = lines(records, recipe.filter)
    for line in found.bounds:
        if line["given"].startswith("p"):
            value = "nothing" if line["value"] is None else f"{line['value']:.6g}"
            log.info("filter.%s.%s=%s came to %s", line["filter"], line["key"], line["given"], value)
    placed, moves = Placed(store), list[Move]()
    lacking: set[str] = set()
    gone = 0
    with store.staging() as folder:
        paths = {name: folder / f"{name}.parquet" for name in SCHEMAS}
        with ExitStack() as held:
            tables = {name: held.enter_context(RowWriter(paths[name], schema)) for name, schema in SCHEMAS.items()}
            tables["bounds"].extend(found.bounds)
            for record in records:
                verdicts = judge(record, found.filters)
                fates = []
                for clip, (here, there) in zip(record.clips, placed.of(list(verdicts.reasons)), strict=True):
                    reason = verdicts.reasons[clip["clip_id"]]
                    if reason in {"", UNSEEN} and not (here or there):
                        lacking.add(record.key)
                        gone += not reason
                        reason = reason or GONE
                    uri, chores = place(
                        clip["clip_id"], not reason, here=here, there=there, keep_filtered=recipe.keep_filtered
                    )
                    moves += chores
                    fates.append(clip | {"kept": not reason, "reason": reason, "uri": uri})
                tables["videos"].extend([_video(record, fates)])
                tables["clips"].extend(fates)
                tables["scores"].extend(verdicts.scores)
                tables["captions"].extend(record.captions)
                tables["hashes"].extend(_hashes(record))
                tables["failures"].extend([record.failure] if record.failure else [])
        if not lacking.isdisjoint(may_cut):
            return frozenset(lacking)
        if gone:
            log.warning(
                "%d clips pass the filters, but keep_filtered=false has removed their files and their videos are not "
                "in the source; they stay dropped as file_removed until a run has a source that holds them",
                gone,
            )
        for move in moves:
            move.carry_out(store)
        for name, path in paths.items():
            store.put(path, key_of(name))
    commit(store, FOLDER, wanted(recipe)["clips"], embeddings=recipe.embedder.folder)
    return frozenset(lacking)


def key_of(name: str) -> str:
    """Where a table is."""
    return f"{FOLDER}/{name}/part-0.parquet"


def write_tables(store: Store, tables: Tables, made_from: str, **details: str) -> None:
    """Write all tables, and the record that says which cut they are of and what else there is to say."""
    for name in Tables.__slots__:
        store.write_table(key_of(name), getattr(tables, name))
    commit(store, FOLDER, made_from, **details)


def clips_store(store: Store) -> Store:
    """Where the clips of a dataset lie, and their vectors: in it, unless their tables were adopted from elsewhere."""
    return Store(committed(store, FOLDER).get("clips", store.url))


def read_tables(store: Store, *, but: Collection[str] = ()) -> Tables:
    """The tables that an earlier split wrote; empty ones where there are none.

    Args:
        store: the dataset.
        but: names of those that are not wanted and stay empty: HASHES and SCORES are larger than all others together.
    """
    keys = {name: key_of(name) for name in SCHEMAS if name not in but}
    found = {name: store.read_table(key) for name, key in keys.items() if store.exists(key)}
    return Tables(**{name: schema.empty_table() for name, schema in SCHEMAS.items()} | found)


def is_empty(tables: Tables) -> bool:
    """Whether no clip has passed the filters."""
    return not pc.any(tables.clips["kept"]).as_py()


def _hashes(record: Record) -> Iterator[Row]:
    durations = {clip["clip_id"]: clip["duration"] for clip in record.clips}
    return (row | {"duration": durations[row["clip_id"]]} for row in record.hashes)


def _video(record: Record, clips: list[Row]) -> Row:
    row = {"license": ""} | record.video | {"num_clips": len(clips)}  # older records know of no licence
    if clips and not record.failure and not any(clip["kept"] for clip in clips):
        reason, _ = Counter(clip["reason"] for clip in clips).most_common(1)[0]
        row |= {"status": "filtered", "reason": reason}
    return row
