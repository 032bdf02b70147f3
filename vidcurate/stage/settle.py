"""From records to tables: thresholds are applied to stored scores, and every clip's file goes where its fate says."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from vidcurate.filter.base import Filter
from vidcurate.recipe import Recipe
from vidcurate.stage.record import Record, Row, wanted
from vidcurate.store.commit import commit
from vidcurate.store.files import Store
from vidcurate.table import CAPTIONS, CLIPS, FAILURES, SCORES, VIDEOS, table

log = logging.getLogger(__name__)

FOLDER = "tables"
KEPT, FILTERED = "clips", "filtered_clips"
"""Folders of clips that passed the filters and of those that did not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """What is known about a dataset after split.

    Attributes:
        videos: VIDEOS, sorted by uri.
        clips: CLIPS, in the order of their videos.
        scores: SCORES of the recipe's filters.
        captions: CAPTIONS.
        failures: FAILURES.
    """

    videos: pa.Table
    clips: pa.Table
    scores: pa.Table
    captions: pa.Table
    failures: pa.Table


def settle(store: Store, records: Iterable[Record], recipe: Recipe) -> Tables:
    """Apply the filters' thresholds, move clips accordingly, and write all tables.

    Records of another recipe are left out: their clips are of another cut.
    """
    made_from = wanted(recipe)
    ours = [record for record in records if _belongs(record, made_from)]
    ours.sort(key=lambda record: (record.video["uri"], record.key))
    videos, clips, scores = [], [], []
    for record in ours:
        verdicts, rows = _judge(record, recipe.filter)
        scores += rows
        if record.failure:  # clips that this recipe has not seen
            verdicts = {clip["clip_id"]: "unseen" for clip in record.clips}
        fates = [clip | _fate(clip["clip_id"], verdicts.get(clip["clip_id"], "")) for clip in record.clips]
        clips += fates
        videos.append(_video(record, fates))
    tables = Tables(
        videos=table(VIDEOS, videos),
        clips=table(CLIPS, clips),
        scores=table(SCORES, scores),
        captions=table(CAPTIONS, (row for record in ours for row in record.captions)),
        failures=table(FAILURES, (record.failure for record in ours if record.failure)),
    )
    _move(store, clips)
    for name in Tables.__slots__:
        store.write_table(f"{FOLDER}/{name}/part-0.parquet", getattr(tables, name))
    commit(store, FOLDER, made_from["clips"], embeddings=recipe.embedder.folder)
    return tables


def read_tables(store: Store) -> Tables:
    """The tables that an earlier split wrote; empty ones where there are none."""
    schemas = {"videos": VIDEOS, "clips": CLIPS, "scores": SCORES, "captions": CAPTIONS, "failures": FAILURES}
    keys = {name: f"{FOLDER}/{name}/part-0.parquet" for name in schemas}
    return Tables(
        **{
            name: store.read_table(key) if store.exists(key) else schemas[name].empty_table()
            for name, key in keys.items()
        }
    )


def is_empty(tables: Tables) -> bool:
    """Whether no clip has passed the filters."""
    return not any(tables.clips["kept"].to_pylist())


def _belongs(record: Record, made_from: dict[str, str]) -> bool:
    return not record.made_from or record.made_from["clips"] == made_from["clips"]


def _judge(record: Record, filters: Iterable[Filter]) -> tuple[dict[str, str], list[Row]]:
    """First reason by which each clip is dropped, and its rows of SCORES."""
    values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in record.scores:
        values[row["clip_id"], row["filter"]][row["score"]] = row["value"]
    verdicts: dict[str, str] = {}
    rows: list[Row] = []
    for clip in (row["clip_id"] for row in record.clips):
        for entry in filters:
            scores = values.get((clip, entry.name), {})
            reason = entry.reason(scores) or ""
            rows += [
                {
                    "clip_id": clip,
                    "filter": entry.name,
                    "score": name,
                    "value": value,
                    "kept": not reason,
                    "reason": reason,
                }
                for name, value in scores.items()
            ]
            if reason:
                verdicts.setdefault(clip, reason)
    return verdicts, rows


def _fate(clip: str, reason: str) -> Row:
    return {"kept": not reason, "reason": reason, "uri": f"{FILTERED if reason else KEPT}/{clip}.mp4"}


def _video(record: Record, clips: list[Row]) -> Row:
    row = record.video | {"num_clips": len(clips)}
    if clips and not record.failure and not any(clip["kept"] for clip in clips):
        reason, _ = Counter(clip["reason"] for clip in clips).most_common(1)[0]
        row |= {"status": "filtered", "reason": reason}
    return row


def _move(store: Store, clips: list[Row]) -> None:
    dropped = {clip["uri"] for clip in clips if not clip["kept"]}
    already = set(store.keys(FILTERED, ".mp4"))
    for uri in sorted(dropped - already):
        store.move(uri.replace(FILTERED, KEPT, 1), uri)
    back = {clip["uri"].replace(KEPT, FILTERED, 1): clip["uri"] for clip in clips if clip["kept"]}
    for uri in sorted(already & set(back)):
        store.move(uri, back[uri])
