"""Where the files of clips lie: one folder for those that pass the filters, one for the others, if those are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.stage.record import Record
from vidcurate.store.files import Store

KEPT, FILTERED = "clips", "filtered_clips"
"""Folders of clips that passed the filters and of those that did not."""
ID = 36
"""Characters of a clip's id; files of other names are none of ours."""


@dataclass(frozen=True, slots=True)
class Move:
    """A file that is not where it belongs.

    Attributes:
        key: where it is.
        goal: where it belongs; None if it goes.
    """

    key: str
    goal: str | None

    def carry_out(self, store: Store) -> None:
        """Move or remove it; done twice it is as done once."""
        if self.goal is None:
            store.remove(self.key)
        else:
            store.move(self.key, self.goal)


class Placed:
    """Which clips have a file in which folder, as one listing says: 72 bytes a clip, at most.

    Args:
        store: the dataset.
    """

    def __init__(self, store: Store) -> None:
        self._here, self._there = stored_ids(store, KEPT), stored_ids(store, FILTERED)

    def of(self, clips: Sequence[str]) -> Iterator[tuple[bool, bool]]:
        """Of each of these clips, whether it has a file among those that pass, and among the others."""
        wanted = np.array(clips, f"S{ID}")
        return zip(_among(wanted, self._here), _among(wanted, self._there), strict=True)


def place(
    clip: str, passes: bool, *, here: bool, there: bool, keep_filtered: bool
) -> tuple[str | None, tuple[Move, ...]]:
    """Where the file of a clip belongs, and what is to be done for that.

    Args:
        clip: its id.
        passes: whether it passes the filters.
        here: whether it has a file among those that do.
        there: whether it has one among the others.
        keep_filtered: whether dropped clips keep their files.

    Returns:
        Key of its file, None if it has none; what to move or remove.
    """
    mine, other = f"{KEPT}/{clip}.mp4", f"{FILTERED}/{clip}.mp4"
    has_file = here or there
    if passes:  # a clip is published here, so the other file is older
        moves = (Move(other, None if here else mine),) if there else ()
        return (mine if has_file else None), moves
    if keep_filtered:
        return (other if has_file else None), ((Move(mine, other),) if here else ())
    return None, tuple(Move(key, None) for key, is_there in ((mine, here), (other, there)) if is_there)


def stored_ids(store: Store, folder: str) -> NDArray[np.bytes_]:
    """Sorted ids of the clips that have a file in a folder."""
    names = store.names(folder, ".mp4")
    ids = np.array([name[:ID].encode() for name in names if len(name) == ID + len(".mp4") and name.isascii()], f"S{ID}")
    ids.sort()
    return ids


def all_stored(store: Store, record: Record) -> bool:
    """Whether every clip of a record has a file."""
    names = (f"{clip['clip_id']}.mp4" for clip in record.clips)
    return all(store.exists(f"{KEPT}/{name}") or store.exists(f"{FILTERED}/{name}") for name in names)


def _among(wanted: NDArray[np.bytes_], ids: NDArray[np.bytes_]) -> list[bool]:
    if not len(ids):
        return [False] * len(wanted)
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    found: list[bool] = (ids[places] == wanted).tolist()
    return found
