"""What tells people and hubs what a dataset of shards is: its card, and `croissant.json`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.sharder.base import Shard, Sharder
from vidcurate.stage.card import NAME as CARD
from vidcurate.stage.card import write_card
from vidcurate.stage.croissant import NAME as CROISSANT
from vidcurate.stage.croissant import write_croissant
from vidcurate.stage.packed import keys_of
from vidcurate.stage.samples import samples
from vidcurate.stage.settle import Tables
from vidcurate.store.files import Store

log = logging.getLogger(__name__)


def describe(
    store: Store,
    sharder: Sharder,
    shards: Sequence[Shard],
    tables: Tables | None,
    drops: pa.Table | None,
    about: Mapping[str, Any],
) -> None:
    """Write what describes a dataset; where its clips are not all known, remove what an earlier one was described by.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shards: all of them, sorted by name.
        tables: what is known of the clips in them, among others.
        drops: DROPS, the clips that are in none.
        about: how it was made, as `made_with` tells it.
    """
    for name in (CARD, CROISSANT):
        store.remove(f"{sharder.folder}/{name}")
    if tables is None:
        return
    keys = pa.array(sorted(key for entry in shards for key in keys_of(store, sharder, entry)), pa.string())
    clips = tables.clips.filter(pc.is_in(tables.clips["clip_id"], value_set=keys))
    if clips.num_rows < len(keys):
        log.info("shard: %d packed clips are in no table: no card is written", len(keys) - clips.num_rows)
        return
    kept = clips.set_column(clips.column_names.index("kept"), "kept", pa.repeat(True, clips.num_rows))
    packed = samples(replace(tables, clips=kept), None, sharder)
    write_card(store, sharder.folder, packed, shards, drops, about)
    write_croissant(store, sharder.folder, packed, shards)
