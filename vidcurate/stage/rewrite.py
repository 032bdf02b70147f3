"""A folder written anew so that a job which reads it meanwhile meets no gap.

Jobs of a sweep may make the same thing at the same time. Equal fingerprints give equal files, so each file is
replaced by its equal, and only what does not belong is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

from vidcurate.store.commit import RECORD, commit, is_current
from vidcurate.store.files import Store


def rewrite(store: Store, folder: str, made_from: str, written: Iterable[str], **details: Any) -> None:
    """Replace the contents of a folder and commit it.

    Args:
        store: the dataset.
        folder: where.
        made_from: fingerprint of the new contents.
        written: writes the files one by one and yields the key of each.
        details: what else the record says.
    """
    if not is_current(store, folder, made_from):
        _remove(store, f"{folder}/{RECORD}")
    before = set(store.keys(folder))
    stale = before - set(written)
    for key in stale:
        _remove(store, key)
    for parent in {str(PurePosixPath(key).parent) for key in stale}:
        if not store.keys(parent):
            _remove(store, parent)
    commit(store, folder, made_from, **details)


def _remove(store: Store, key: str) -> None:
    with suppress(FileNotFoundError):  # another job was first
        store.remove(key)
