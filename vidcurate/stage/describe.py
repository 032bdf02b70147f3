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
from vidcurate.stage.samples import samples
from vidcurate.stage.settle import Tables
from vidcurate.store.files import Store

log = logging.getLogger(__name__)


def describe(
    store: Store,
    sharder: Sharder,
    shards: Sequence[Shard],
    packed: pa.Array,
    tables: Tables,
    drops: pa.Table | None,
    about: Mapping[str, Any],
) -> None:
    """Write what describes a dataset, if all its clips are known.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shards: all of them, sorted by name.
        packed: keys of the samples in them.
        tables: what is known of these clips, among others.
        drops: DROPS, the clips that are in none.
        about: how it was made, as `made_with` tells it.
    """
    is_packed = pc.is_in(tables.clips["clip_id"], value_set=packed)
    unknown = len(packed) - (pc.sum(is_packed).as_py() or 0)
    if unknown:
        log.info("shard: %d packed clips are in no table: no card is written", unknown)
        return
    kept = tables.clips.set_column(tables.clips.column_names.index("kept"), "kept", is_packed)
    clips = samples(replace(tables, clips=kept), None, sharder).columns()
    write_card(store, sharder, clips, shards, drops, about)
    write_croissant(store, sharder.folder, clips, shards)


def forget(store: Store, sharder: Sharder) -> None:
    """Remove what an earlier dataset was described by."""
    for name in (CARD, CROISSANT):
        store.remove(f"{sharder.folder}/{name}")
