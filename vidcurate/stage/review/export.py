"""The step `review`: the clips of a dataset, duplicates and dropped ones too, for people and the tools they look with.

Below `review/`: `review.csv` to be edited by hand and given back as `dedup.review`, `clips.parquet` with a picture in
each row, and folders that FiftyOne loads. What somebody has decided in `review.csv` is carried over.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vidcurate.dedup.base import Dedup
from vidcurate.errors import ConfigError, MissingInput
from vidcurate.stage.decide import FOLDER as DECISIONS
from vidcurate.stage.decide import decisions_folder
from vidcurate.stage.dedup import written_vectors
from vidcurate.stage.review.cells import SHEET, sheet
from vidcurate.stage.review.fiftyone import write_fiftyone
from vidcurate.stage.review.heed import kept_by_word, overruled
from vidcurate.stage.review.pictured import write_pictured
from vidcurate.stage.review.pictures import picture_of
from vidcurate.stage.review.table import Shown, shown
from vidcurate.stage.review.verdicts import Review, read_review
from vidcurate.stage.settle import Tables, clips_store
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from vidcurate.recipe import Recipe

log = logging.getLogger(__name__)

FOLDER = "review"
PICTURED = f"{FOLDER}/clips.parquet"
AT_ONCE = 256
"""Clips whose pictures are in memory at once."""

Row = dict[str, Any]


def export_review(store: Store, tables: Tables, recipe: Recipe) -> dict[str, int]:
    """Write what people look at.

    Args:
        store: the dataset.
        tables: what split knows.
        recipe: `dedup` says which decisions are shown, `review` in which formats.

    Returns:
        Number of clips by fate.

    Raises:
        MissingInput: there are no clips.
        ConfigError: `review.csv` is there and cannot be read, or nobody says which epsilon is meant.
    """
    if not tables.clips.num_rows:
        raise MissingInput(f"{store.url}: no clips to review; run +experiment=split source.path=... out=... first")
    decisions = _decisions(store, recipe.dedup)
    tables = replace(tables, clips=overruled(tables.clips, kept_by_word(decisions)))
    found, said = shown(tables, decisions), _said(store, recipe.dedup)
    formats = recipe.review.formats
    if "csv" in formats or "parquet" in formats:
        _write_tables(store, found, said, formats)
    if "fiftyone" in formats:
        vectors = written_vectors(store, recipe) if recipe.review.embeddings else None
        write_fiftyone(store, tables, found, said, vectors)
    counts = dict(sorted(Counter(found.clips["fate"].to_pylist()).items()))
    log.info("review: %d clips in %s: %s", found.clips.num_rows, store.place(FOLDER), counts)
    if "csv" in formats:
        log.info(
            "review: write keep or drop into the column decision of %s, then run +experiment=dedup or shard with "
            "dedup.review=%s", store.place(SHEET), store.place(SHEET),
        )  # fmt: skip
    return counts


def _write_tables(store: Store, found: Shown, said: Review | None, formats: Sequence[str]) -> None:
    head = ["clip_id", "decision", "note", "fate", "reason", "witness_id", "similarity", "group_id", "source", "start"]
    head += ["end", "duration", "width", "height", "caption", "clip", "thumbnail", *found.scores]
    source = clips_store(store)
    lines: list[list[object]] = []

    def rows() -> Iterator[Row]:
        for row in _rows(found.clips):
            picture = picture_of(store, source, row)
            row["clip"], row["thumbnail"] = _link(store, source, row["uri"]), picture and _below(picture.key)
            row["jpeg"] = picture and picture.jpeg
            row["decision"] = said.verdicts.get(row["clip_id"], "") if said else ""
            row["note"] = said.notes.get(row["clip_id"], "") if said else ""
            lines.append([row[name] for name in head])
            yield row

    if "parquet" in formats:
        write_pictured(store, PICTURED, rows(), [name for name in head if name not in ("clip", "thumbnail")])
    else:
        for _ in rows():
            pass
    if "csv" in formats:
        store.write(SHEET, sheet(head, lines))


def _rows(clips: pa.Table) -> Iterator[Row]:
    for batch in clips.to_batches(max_chunksize=AT_ONCE):
        yield from batch.to_pylist()


def _below(key: str) -> str:
    """A key of the dataset as it is reached from the folder."""
    return key.removeprefix(f"{FOLDER}/") if key.startswith(f"{FOLDER}/") else f"../{key}"


def _link(store: Store, source: Store, uri: str | None) -> str | None:
    """A clip's file as it is reached from the folder, or its place in another dataset."""
    if uri is None:
        return None
    return _below(uri) if source.url == store.url else source.place(uri)


def _said(store: Store, rule: Dedup) -> Review | None:
    """What has been decided so far: in the file that is given, else in the one that lies there."""
    if rule.review is not None:
        return read_review(rule.review)
    return read_review(store.place(SHEET)) if store.exists(SHEET) else None


def _decisions(store: Store, rule: Dedup) -> pa.Table | None:
    """DECISIONS of a rule, or the only ones that there are; None before dedup."""
    folders = sorted({key.rpartition("/")[0] for key in store.keys(DECISIONS, ".parquet")})
    wanted = decisions_folder(rule)
    if wanted in folders:
        folders = [wanted]
    if len(folders) > 1:
        there = ", ".join(name.rpartition("/")[2] for name in folders)
        raise ConfigError([f"review: there are decisions of {there}; say which are meant, e.g. dedup.eps=..."])
    return store.read_table(f"{folders[0]}/part-0.parquet") if folders and committed(store, folders[0]) else None
