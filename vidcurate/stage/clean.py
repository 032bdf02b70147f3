"""A dataset without some of its videos: every table and file beside the shards, cleaned so that a second time is no-op.

Rows of what is gone are removed; a remaining clip that was dropped in favour of one that is gone stays dropped, with no
witness, until dedup is run again. What dedup makes from scratch anyway is removed as a whole.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.stage.cluster import FOLDER as CLUSTERS
from vidcurate.stage.decide import FOLDER as DECISIONS
from vidcurate.stage.epsilon import CURVE, NAME, SOURCES, SWEEPS
from vidcurate.stage.known import FOLDER as KNOWN
from vidcurate.stage.labels import FILES as LABELS
from vidcurate.stage.ledger import KEY as LEDGER
from vidcurate.stage.named import KEY as NAMED_IDS
from vidcurate.stage.neighbours import FOLDER as NEIGHBOURS
from vidcurate.stage.neighbours import ORDER_FOLDER
from vidcurate.stage.publish import FILES
from vidcurate.stage.recall import FOLDER as RECALL
from vidcurate.stage.record import FOLDER as RECORDS
from vidcurate.stage.review.cells import SHEET, without_rows
from vidcurate.stage.settled import KEY as SETTLED
from vidcurate.store.commit import RECORD, commit, committed
from vidcurate.store.files import Store
from vidcurate.telemetry.journal import forget

OWN = ("clip_id", "video_id", "id", "other_id", "key", "span_uuid")
"""Columns that say what a row is of; in any other, what is gone becomes null."""
DERIVED = (
    f"{NEIGHBOURS}/{RECORD}", ORDER_FOLDER, CLUSTERS, RECALL, KNOWN, SWEEPS, f"{NAME}.csv", f"{NAME}.md", SOURCES,
    CURVE, "semantic/advice.json", "semantic/advice.md", "advise.html", "report.html", "logs/timeline.html",
    "summary.json", "verify.json", "verify.md", "plan.json", "plan.md", NAMED_IDS, LEDGER, SETTLED,
    "review/clips.parquet", "review/fiftyone", "review/fiftyone_sources", "review/thumbnails",
)  # fmt: skip
"""What the next dedup, advise or report makes anew. Without the first of them none takes the comparison for whole."""


def clean(store: Store, videos: Collection[str], clips: Collection[str], shards: Collection[str]) -> None:
    """Remove videos and their clips from all but the shards.

    Args:
        store: the dataset.
        videos: their ids.
        clips: ids of all their clips.
        shards: keys of the files of shards, which are left alone.
    """
    gone = frozenset(videos) | frozenset(clips)
    for key in DERIVED:
        store.remove(key)
    for key in store.keys("semantic/extraction", ".csv"):
        store.remove(key)
    for clip in clips:
        for folder, suffix in FILES:
            store.remove(f"{folder}/{clip}.{suffix}")
    for folder in store.folders("_embd_parquet"):
        for video in videos:
            store.remove(f"{folder}/{video}.parquet")
    for key in LABELS:
        if store.exists(key):
            _clean_labels(store, key, gone)
    if store.exists(SHEET):
        store.write(SHEET, without_rows(store.read(SHEET), gone))
    forget(store, gone)
    for key in (key for key in store.keys("", ".parquet") if key not in shards):
        _clean_table(store, key, gone)
    for key in store.keys(RECORDS, ".json"):  # last, as clips are known from them
        if store.read_json(key)["video"]["video_id"] in gone:
            store.remove(key)


def without(table: pa.Table, gone: frozenset[str]) -> pa.Table:
    """A table without the rows of what is gone, and without its names in what is left."""
    names = pa.array(sorted(gone), pa.string())
    for name in (name for name in OWN if name in table.column_names and pa.types.is_string(table[name].type)):
        table = table.filter(pc.invert(pc.is_in(table[name], value_set=names)))
    for name in (field.name for field in table.schema if pa.types.is_string(field.type)):
        hit = pc.is_in(table[name], value_set=names)
        if pc.any(hit).as_py() and name == "max_id":  # of the pruning tables: what is next after it is not known
            table = _set(_set(table, name, hit, table["id"]), "cosine_sim_score", hit, pa.scalar(0, pa.float32()))
        elif pc.any(hit).as_py():
            table = _set(table, name, hit, pa.scalar(None, pa.string()))
    return table


def _set(table: pa.Table, name: str, where: pa.ChunkedArray, value: pa.ChunkedArray | pa.Scalar) -> pa.Table:
    column = pc.if_else(where, value, table[name])
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)


def _clean_table(store: Store, key: str, gone: frozenset[str]) -> None:
    before = store.read_table(key)
    after = without(before, gone)
    if after.equals(before):
        return
    folder = key.rpartition("/")[0]
    if folder.startswith(f"{DECISIONS}/") and (record := committed(store, folder)):
        kept = int(pc.sum(after["kept"]).as_py() or 0)
        counts = {"kept": kept, "removed": after.num_rows - kept, "total": after.num_rows}
        commit(store, folder, **record | counts)
    store.write_table(key, after)  # last: a table that is clean already is not looked at again


def _clean_labels(store: Store, key: str, gone: frozenset[str]) -> None:
    text = store.read(key).decode("utf-8-sig")
    if not any(name in text for name in gone):
        return
    if key.endswith(".json"):
        rows = [row for row in json.loads(text) if not gone & set(map(str, row.values()))]
        store.write(key, json.dumps(rows, ensure_ascii=False).encode())
        return
    lines = io.StringIO()
    csv.writer(lines).writerows(row for row in csv.reader(io.StringIO(text, newline="")) if not gone & set(row))
    store.write(key, lines.getvalue().encode())
