"""What the tables were made from, so that a run which finds all of it as it was leaves them alone.

That is the recipe, the records, which clips have a file and where, and the tables themselves, as a listing shows them.
A mark that is missing or wrong costs time; it is written last, and only where every record is older than `RACY`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping

from vidcurate.recipe import Recipe
from vidcurate.registry import described
from vidcurate.source.stamp import Stamp, listed_stamp
from vidcurate.stage.named import RACY
from vidcurate.stage.place import FILTERED, KEPT, stored_ids
from vidcurate.stage.record import FOLDER as RECORDS
from vidcurate.stage.record import wanted
from vidcurate.stage.settle import FOLDER, SCHEMAS, key_of
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

KEY = f"{RECORDS}/_settled"
VERSION = 1
"""Raised when equal records begin to give other tables."""


def is_settled(store: Store, recipe: Recipe, stamps: Mapping[str, Stamp]) -> bool:
    """Whether the tables are what settling would give.

    Args:
        store: the dataset.
        recipe: as it is wanted now.
        stamps: of all records as they are listed now.
    """
    try:
        return store.read(KEY).decode() == _state(store, recipe, stamps)
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return False


def mark_settled(store: Store, recipe: Recipe, stamps: Mapping[str, Stamp]) -> None:
    """Say that the tables were made from the records that have these stamps."""
    safe = time.time() - RACY
    if all(stamp.modified < safe for stamp in stamps.values()):
        store.write(KEY, _state(store, recipe, stamps).encode())


def _state(store: Store, recipe: Recipe, stamps: Mapping[str, Stamp]) -> str:
    filters = [described(entry) for entry in recipe.filter]
    choices = [VERSION, wanted(recipe), filters, recipe.keep_filtered, recipe.embedder.folder]
    tables = (
        f"{name} {details} {stamp.text if (stamp := listed_stamp(facts)) else facts}"
        for name in SCHEMAS
        for details, facts in store.details(key_of(name).rpartition("/")[0])
    )
    parts = (
        json.dumps(choices, sort_keys=True),
        json.dumps(committed(store, FOLDER), sort_keys=True),
        *sorted(f"{key} {stamp.text}" for key, stamp in stamps.items()),
        *sorted(tables),
    )
    digest = hashlib.sha256("\n".join(parts).encode())
    for folder in (KEPT, FILTERED):
        ids = stored_ids(store, folder)
        digest.update(f"\n{folder} {len(ids)}\n".encode())
        digest.update(ids.tobytes())
    return f"{digest.hexdigest()}\n"
