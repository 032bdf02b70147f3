"""What a run must know of every record, in one file: a re-run reads it and the listing instead of the records.

The records stay the truth. An entry counts only while its record has the stamp (size, time, inode; or ETag) that it had
when the entry was made, so a record that was altered, removed or added since is seen, and a ledger that is missing or
from before a kill costs time and nothing else. A record that was changed within two seconds before it was listed may
change again without a new stamp, and is not entered.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from vidcurate.source.stamp import Stamp, listed_stamp
from vidcurate.stage.named import RACY
from vidcurate.stage.record import FOLDER, Record, Records
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

KEY = f"{FOLDER}/_ledger"
"""A parquet file; its name keeps readers of tables away from it."""

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("stamp", pa.string()),
        ("uri", pa.string()),
        ("license", pa.string()),
        ("made_from", pa.string()),  # as JSON
        ("num_clips", pa.int32()),
        ("is_failed", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class Brief:
    """What decides whether a video is up to date.

    Attributes:
        key: of its record.
        uri: of the input.
        license: as recorded.
        made_from: as in its record; equal ones are one object.
        num_clips: how many it has.
        is_failed: whether it could not be used, or not be looked at anew.
    """

    key: str
    uri: str
    license: str
    made_from: Mapping[str, str]
    num_clips: int
    is_failed: bool

    @classmethod
    def of(cls, record: Record) -> Brief:
        """What counts of a record."""
        return cls(
            key=record.key,
            uri=record.uri,
            license=record.license,
            made_from=record.made_from,
            num_clips=record.num_clips,
            is_failed=record.failure is not None,
        )


Entry = tuple[str, Brief]
"""Stamp of a record, and what it said then."""


def read_ledger(store: Store) -> dict[str, Entry]:
    """What was entered, by key of the record; nothing where that cannot be read."""
    try:
        columns = store.read_table(KEY, SCHEMA.names).cast(SCHEMA)
    except FileNotFoundError:
        return {}
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        log.warning("%s is not readable (%s); all records are read", store.path(KEY), error)
        return {}
    told: dict[str, Mapping[str, str]] = {}
    made_from = (told.get(text) or told.setdefault(text, json.loads(text)) for text in _values(columns, "made_from"))
    stamps, keys, uris, licenses, counts, failed = (
        _values(columns, name) for name in ("stamp", "key", "uri", "license", "num_clips", "is_failed")
    )
    briefs = map(Brief, keys, uris, licenses, made_from, counts, failed)
    return {brief.key: (stamp, brief) for stamp, brief in zip(stamps, briefs, strict=True)}


def known_briefs(store: Store, ledger: Mapping[str, Entry], stamps: Mapping[str, Stamp]) -> dict[str, Brief]:
    """Every record of a dataset, by key; those that the ledger does not know as they are now are read.

    Args:
        store: the dataset.
        ledger: as `read_ledger` gives it.
        stamps: of all records as they are listed now.
    """
    known = {key: brief for key, (stamp, brief) in ledger.items() if key in stamps and stamps[key].text == stamp}
    unknown = sorted(stamps.keys() - known.keys())
    if unknown and ledger:
        log.debug("split: %d of %d records are new to the ledger and are read", len(unknown), len(stamps))
    return known | _read(store, unknown)


def write_ledger(
    store: Store, briefs: Mapping[str, Brief], stamps: Mapping[str, Stamp], before: Mapping[str, Entry]
) -> None:
    """Remember all records, unless there is nothing new to say.

    Args:
        store: the dataset.
        briefs: of all records, by key.
        stamps: of the records as they are listed now.
        before: what the ledger says so far.
    """
    safe = time.time() - RACY
    lasting = {key: stamp.text for key, stamp in stamps.items() if stamp.modified < safe and key in briefs}
    if lasting == {key: stamp for key, (stamp, _) in before.items()}:
        return
    entered = [briefs[key] for key in sorted(lasting)]
    told = {id(brief.made_from): brief.made_from for brief in entered}
    words = {number: json.dumps(made_from, sort_keys=True) for number, made_from in told.items()}
    columns: tuple[Iterable[object], ...] = (
        (brief.key for brief in entered),
        (lasting[brief.key] for brief in entered),
        (brief.uri for brief in entered),
        (brief.license for brief in entered),
        (words[id(brief.made_from)] for brief in entered),
        (brief.num_clips for brief in entered),
        (brief.is_failed for brief in entered),
    )
    arrays = [pa.array(list(column)).cast(kind.type) for column, kind in zip(columns, SCHEMA, strict=True)]
    store.write_table(KEY, pa.Table.from_arrays(arrays, schema=SCHEMA))


def record_stamps(store: Store) -> dict[str, Stamp]:
    """Stamps of all records, by key."""
    found = ((name.removesuffix(".json"), listed_stamp(facts)) for name, facts in store.details(FOLDER, ".json"))
    return {key: stamp if stamp is not None else Stamp("", time.time()) for key, stamp in found}


def _values(columns: pa.Table, name: str) -> list[Any]:
    return list(columns[name].to_pylist())


def _read(store: Store, keys: Sequence[str]) -> dict[str, Brief]:
    """Briefs of records; one that is gone by now is none."""
    shared: dict[str, Mapping[str, str]] = {}
    found: dict[str, Brief] = {}
    for record in Records(store, keys):
        made_from = shared.setdefault(json.dumps(record.made_from, sort_keys=True), record.made_from)
        found[record.key] = replace(Brief.of(record), made_from=made_from)
    return found
