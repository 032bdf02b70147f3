"""Commit records: the last file that a step writes says what it was made from, so that a re-run can tell."""

from __future__ import annotations

from typing import Any

from vidcurate.store.files import Store

RECORD = "_commit.json"
"""Name of the record; the underscore keeps parquet readers away from it."""


def committed(store: Store, folder: str) -> dict[str, Any]:
    """What the folder's record says; empty where nothing has been committed.

    Raises:
        ValueError: it is no JSON, or no mapping.
    """
    try:
        found = store.read_json(f"{folder}/{RECORD}")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"{store.path(folder)}/{RECORD}: a {type(found).__name__}, not a mapping")
    return found


def is_current(store: Store, folder: str, fingerprint: str) -> bool:
    """Whether the folder holds what this fingerprint stands for."""
    return committed(store, folder).get("fingerprint") == fingerprint


def clear(store: Store, folder: str) -> None:
    """Empty a folder before it is written anew, its record first."""
    store.remove(f"{folder}/{RECORD}")
    store.remove(folder)


def commit(store: Store, folder: str, fingerprint: str, **details: Any) -> None:
    """Declare a folder complete; nothing of it may be written afterwards."""
    store.write_json(f"{folder}/{RECORD}", {"fingerprint": fingerprint, **details})
