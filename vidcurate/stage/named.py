"""Ids that inputs were given before, so that only what is new or has changed is hashed.

Wrong or missing, it costs time and nothing else. A file that was changed within two seconds before it was hashed may
have been changed again without a new stamp, and is not remembered. Times are only compared for equality.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

import pyarrow as pa

from vidcurate.errors import Damaged
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

KEY = "processed_videos/_named_ids"
"""A parquet file; its name keeps readers of tables away from it."""
RACY = 2.0
"""Seconds within which a file may change twice and look the same."""

SCHEMA = pa.schema(
    [
        ("uri", pa.string()),
        ("stamp", pa.string()),
        ("full", pa.bool_()),
        ("video_id", pa.string()),
        ("size", pa.int64()),
    ]
)

Named = tuple[str, bool, str, int]
"""Stamp, whether all bytes were hashed, id, and size in bytes."""


def read_named(store: Store) -> dict[str, Named]:
    """What was remembered, by uri; nothing where that cannot be read."""
    try:
        table = store.read_table(KEY, SCHEMA.names).cast(SCHEMA)
    except FileNotFoundError:
        return {}
    except (OSError, Damaged, pa.ArrowException, KeyError) as error:
        log.warning("%s is not readable (%s); all inputs are hashed anew", store.path(KEY), error)
        return {}
    uris, *facts = (column.to_pylist() for column in table.columns)
    return dict(zip(uris, zip(*facts, strict=True), strict=True))


def write_named(store: Store, before: Mapping[str, Named], now: Mapping[str, Named], barred: Collection[str]) -> None:
    """Remember ids, if there is anything new.

    Args:
        store: the dataset.
        before: what `read_named` gave.
        now: what is known of the inputs that are listed now; others stay as they were.
        barred: ids that must not be in the dataset.
    """
    known = {uri: entry for uri, entry in {**before, **now}.items() if entry[2] not in barred}
    if known == before and store.exists(KEY):
        return
    columns = (
        zip(*((uri, *entry) for uri, entry in sorted(known.items())), strict=True) if known else [[]] * len(SCHEMA)
    )
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    store.write_table(KEY, pa.Table.from_arrays(arrays, schema=SCHEMA))
