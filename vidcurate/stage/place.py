"""Where the files of clips lie: one folder for those that pass the filters, one for the others, if those are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from vidcurate.stage.record import Record
from vidcurate.store.files import Store

KEPT, FILTERED = "clips", "filtered_clips"
"""Folders of clips that passed the filters and of those that did not."""


def stored(store: Store) -> set[str]:
    """Ids of the clips that have a file."""
    return _ids(store, KEPT) | _ids(store, FILTERED)


def all_stored(store: Store, record: Record) -> bool:
    """Whether every clip of a record has a file."""
    names = (f"{clip['clip_id']}.mp4" for clip in record.clips)
    return all(store.exists(f"{KEPT}/{name}") or store.exists(f"{FILTERED}/{name}") for name in names)


def place(store: Store, kept: Mapping[str, bool], keep_filtered: bool) -> dict[str, str]:
    """Move the files of clips to the folder that their fate says, or remove those of dropped ones.

    Args:
        store: the dataset.
        kept: of every clip whether it passes the filters.
        keep_filtered: whether dropped clips keep their files.

    Returns:
        Key of the file of every clip that has one.
    """
    here, there = _ids(store, KEPT), _ids(store, FILTERED)
    places: dict[str, str] = {}
    for clip, passes in sorted(kept.items()):
        mine, other = f"{KEPT}/{clip}.mp4", f"{FILTERED}/{clip}.mp4"
        if passes and clip in here:  # a clip is published here, so the other file is older
            if clip in there:
                store.remove(other)
        elif passes and clip in there:
            store.move(other, mine)
        elif clip in here and keep_filtered:
            store.move(mine, other)
        elif not passes and not keep_filtered:
            for key in [mine] * (clip in here) + [other] * (clip in there):
                store.remove(key)
        if clip in here | there and (passes or keep_filtered):
            places[clip] = mine if passes else other
    return places


def _ids(store: Store, folder: str) -> set[str]:
    return {PurePosixPath(key).stem for key in store.keys(folder, ".mp4")}
