"""Whether the files of clips are those that the tables list."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from vidcurate.stage.place import FILTERED, KEPT
from vidcurate.stage.verify.check import Check, checked, rows
from vidcurate.store.files import Store


def check_files(store: Store, clips: pa.Table) -> Check:
    """`tables/files`: every clip that has a file has it where and as large as CLIPS say, and no other file is there."""
    return checked("tables/files", _files(store, clips))


def _files(store: Store, clips: pa.Table) -> Iterator[str | None]:
    there = store.sizes(KEPT) | store.sizes(FILTERED)
    known = set()
    for row in rows(clips.select(["clip_id", "uri", "num_bytes", "kept"])):
        key = row["uri"]
        known.add(key)
        if key is None:
            yield f"clip {row['clip_id']} is kept, but CLIPS name no file of it" if row["kept"] else None
        elif row["kept"] and not key.startswith(f"{KEPT}/"):
            yield f"clip {row['clip_id']} is kept, but its file is {key}"
        elif key not in there:
            yield f"{key} is not there"
        elif there[key] != row["num_bytes"]:
            yield f"{key} has {there[key]} bytes, CLIPS say {row['num_bytes']}"
        else:
            yield None
    yield from (f"{key} is a file of no clip" for key in there if key not in known)
