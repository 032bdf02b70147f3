"""Whether SHA256SUMS, by which people check a copy of the dataset, is true of what no record of a shard covers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence

from vidcurate.sharder.base import Shard, Sharder
from vidcurate.sharder.checksums import NAME
from vidcurate.stage.verify.check import Check, checked
from vidcurate.store.files import Store


def check_sums(store: Store, sharder: Sharder, shards: Sequence[Shard], unreadable: Collection[str]) -> Check:
    """`shards/checksums`: of indices, records and descriptions the bytes, of shards what their records say of them.

    Args:
        store: the dataset.
        sharder: which of its datasets.
        shards: as their records say.
        unreadable: keys of records of which `shards/index` speaks.
    """
    key = f"{sharder.folder}/{NAME}"
    if not store.exists(key):
        return Check(name="shards/checksums", note=f"{key} is not there")
    text = store.read(key).decode(errors="replace")
    return checked("shards/checksums", _sums(store, sharder, shards, unreadable, text))


def _sums(
    store: Store, sharder: Sharder, shards: Sequence[Shard], unreadable: Collection[str], text: str
) -> Iterator[str | None]:
    covered = {file.key: file.sha256 for shard in shards for file in shard.files} | dict.fromkeys(unreadable, "")
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        key = f"{sharder.folder}/{name}"
        if key in covered:  # `shards/files` has looked at its bytes
            same = covered[key] in ("", digest)
            yield None if same else f"{NAME} says {digest} of {name}, its record {covered[key]}"
        elif not store.exists(key):
            yield f"{NAME} lists {name}, which is not there"
        else:
            same = hashlib.sha256(store.read(key)).hexdigest() == digest
            yield None if same else f"{key} has other bytes than {NAME} says"
