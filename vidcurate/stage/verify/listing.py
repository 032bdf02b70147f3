"""Which files a folder of the dataset holds, and how large they are."""

from __future__ import annotations

from pathlib import PurePosixPath

from vidcurate.store.files import Store


def sizes(store: Store, folder: str) -> dict[str, int]:
    """Size of every file below a folder by key, sorted; hidden and private names (`.`, `_`) left out."""
    if not store.exists(folder):
        return {}
    found = store.fs.find(store.path(folder), detail=True)
    keys = {name[len(store.root) + 1 :]: int(facts["size"]) for name, facts in found.items()}
    return {key: size for key, size in sorted(keys.items()) if PurePosixPath(key).name[0] not in "._"}
