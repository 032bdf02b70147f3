"""`wids.json`: the list of shards by which the `wids` reader gives any sample by its number.

Source: the format `wids-shard-index-v1` of https://github.com/webdataset/wids 0.1.11, whose reader needs `url` and
`nsamples` of each shard; it never reads the `md5sum` that its own `widsindex` adds, so there is none here.
"""

from __future__ import annotations

from collections.abc import Sequence

from vidcurate.sharder.base import Shard
from vidcurate.store.files import Store

NAME = "wids.json"


def write_wids(store: Store, folder: str, shards: Sequence[Shard]) -> None:
    """Write `wids.json`; without shards, which its reader refuses, remove it.

    Args:
        store: the dataset.
        folder: of its shards; their addresses are relative to it.
        shards: all of them, sorted by name.
    """
    if not shards:
        store.remove(f"{folder}/{NAME}")
        return
    entries = [
        {"url": f"{shard.name}.tar", "nsamples": shard.num_samples, "filesize": shard.files[0].num_bytes}
        for shard in shards
    ]
    index = {"__kind__": "wids-shard-index-v1", "wids_version": 1, "shardlist": entries}
    store.write_json(f"{folder}/{NAME}", index)
