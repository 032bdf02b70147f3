"""Checksums of files: of one as it is put in place, and `SHA256SUMS` of all, for `sha256sum -c` in their folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from vidcurate.sharder.base import File, Shard
from vidcurate.store.commit import RECORD
from vidcurate.store.files import Store

NAME = "SHA256SUMS"


def write_checksums(store: Store, folder: str, shards: Sequence[Shard]) -> None:
    """Write `SHA256SUMS`; what was hashed while it was written is not read again.

    Where shards were not hashed because the sharder's settings forbid it, there is no such file.

    Args:
        store: the dataset.
        folder: of its shards; all that is to be in it is there, but for its commit record.
        shards: all of them.
    """
    known = {file.key: file.sha256 for shard in shards for file in shard.files}
    if not all(known.values()):
        store.remove(f"{folder}/{NAME}")
        return
    own = {f"{folder}/{name}" for name in (NAME, RECORD)}
    found = (name.removeprefix(f"{store.root}/") for name in store.fs.find(store.path(folder)))  # hidden ones too
    lines = [
        f"{known.get(key) or _sha256(store, key)}  {key.removeprefix(f'{folder}/')}\n"
        for key in sorted(set(found) - own)
    ]
    store.write(f"{folder}/{NAME}", "".join(lines).encode())


def put_hashed(store: Store, staged: Path, key: str) -> File:
    """Put a finished local file in place; its size and checksum are told."""
    with staged.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    file = File(key=key, num_bytes=staged.stat().st_size, sha256=sha256)
    store.put(staged, key)
    return file


def _sha256(store: Store, key: str) -> str:
    with store.fs.open(store.path(key), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
