"""From records to tables: thresholds are applied to stored scores, and every clip's file goes where its fate says."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from vidcurate.recipe import Recipe
from vidcurate.stage.judge import current, judge
from vidcurate.stage.place import place, stored
from vidcurate.stage.record import Record, Row, wanted
from vidcurate.store.commit import commit, committed
from vidcurate.store.files import Store
from vidcurate.table import BOUNDS, CAPTIONS, CLIPS, FAILURES, HASHES, SCORES, VIDEOS, table

log = logging.getLogger(__name__)

FOLDER = "tables"
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


def settle(store: Store, records: Iterable[Record], recipe: Recipe) -> Tables:
    """Apply the filters' bounds, put clips where they belong, and write all tables.

    Records of another recipe are left out: their clips are of another cut.
    """
    made_from = wanted(recipe)
    ours = sorted(current(records, recipe), key=lambda record: (record.video["uri"], record.key))
    verdicts = judge(ours, recipe.filter)
    for line in verdicts.bounds:
        if line["given"].startswith("p"):
            log.info("filter.%(filter)s.%(key)s=%(given)s came to %(value)s", line)
    reasons = verdicts.reasons | _removed(store, ours, verdicts.reasons)
    uris = place(store, {clip["clip_id"]: not reasons[clip["clip_id"]] for clip in _clips(ours)}, recipe.keep_filtered)
    videos, clips = [], []
    for record in ours:
        fates = [clip | _fate(clip["clip_id"], reasons, uris) for clip in record.clips]
        clips += fates
        videos.append(_video(record, fates))
    tables = Tables(
        videos=table(VIDEOS, videos),
        clips=table(CLIPS, clips),
        scores=table(SCORES, verdicts.scores),
        bounds=table(BOUNDS, verdicts.bounds),
        captions=table(CAPTIONS, (row for record in ours for row in record.captions)),
        hashes=table(HASHES, _hashes(ours)),
        failures=table(FAILURES, (record.failure for record in ours if record.failure)),
    )
    write_tables(store, tables, made_from["clips"], embeddings=recipe.embedder.folder)
    return tables


def write_tables(store: Store, tables: Tables, made_from: str, **details: str) -> None:
    """Write all tables, and the record that says which cut they are of and what else there is to say."""
    for name in Tables.__slots__:
        store.write_table(f"{FOLDER}/{name}/part-0.parquet", getattr(tables, name))
    commit(store, FOLDER, made_from, **details)


def clips_store(store: Store) -> Store:
    """Where the clips of a dataset lie, and their vectors: in it, unless their tables were adopted from elsewhere."""
    return Store(committed(store, FOLDER).get("clips", store.url))


def read_tables(store: Store) -> Tables:
    """The tables that an earlier split wrote; empty ones where there are none."""
    keys = {name: f"{FOLDER}/{name}/part-0.parquet" for name in SCHEMAS}
    found = {name: store.read_table(key) for name, key in keys.items() if store.exists(key)}
    return Tables(**{name: schema.empty_table() for name, schema in SCHEMAS.items()} | found)


def is_empty(tables: Tables) -> bool:
    """Whether no clip has passed the filters."""
    return not any(tables.clips["kept"].to_pylist())


def _clips(records: Iterable[Record]) -> Iterator[Row]:
    return (clip for record in records for clip in record.clips)


def _hashes(records: Sequence[Record]) -> Iterator[Row]:
    durations = {clip["clip_id"]: clip["duration"] for clip in _clips(records)}
    return (row | {"duration": durations[row["clip_id"]]} for record in records for row in record.hashes)


def _fate(clip: str, reasons: Mapping[str, str], uris: Mapping[str, str]) -> Row:
    return {"kept": not reasons[clip], "reason": reasons[clip], "uri": uris.get(clip)}


def _removed(store: Store, records: Iterable[Record], reasons: Mapping[str, str]) -> dict[str, str]:
    """`file_removed` for every clip that passes but has no file, because its source was not there to cut it again."""
    files = stored(store)
    gone = [clip["clip_id"] for clip in _clips(records) if not (reasons[clip["clip_id"]] or clip["clip_id"] in files)]
    if gone:
        log.warning(
            "%d clips pass the filters, but keep_filtered=false has removed their files and their videos are not in "
            "the source; they stay dropped as file_removed until a run has a source that holds them",
            len(gone),
        )
    return dict.fromkeys(gone, "file_removed")


def _video(record: Record, clips: list[Row]) -> Row:
    row = {"license": ""} | record.video | {"num_clips": len(clips)}  # older records know of no licence
    if clips and not record.failure and not any(clip["kept"] for clip in clips):
        reason, _ = Counter(clip["reason"] for clip in clips).most_common(1)[0]
        row |= {"status": "filtered", "reason": reason}
    return row
