"""A video at hand: its file, copied here where it lies elsewhere, and a folder for what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import MediaError, NotAtHand, StoreError
from vidcurate.records import Video
from vidcurate.store.files import Store
from vidcurate.store.mask import masked
from vidcurate.store.reach import located
from vidcurate.store.room import reserved
from vidcurate.store.scratch import scratch, staged
from vidcurate.store.trouble import told
from vidcurate.timings import timed


@contextmanager
def at_hand(video: Video, store: Store) -> Iterator[tuple[str, Path]]:
    """The video's local file, and a folder for its clips until they are in the dataset.

    What lies in scratch has its room there. How large clips will be nobody knows: as large as the video is assumed.

    Args:
        video: which one.
        store: the dataset.

    Raises:
        NotAtHand: it cannot be copied now, or there is no room for it.
        StoreError: the disk is in trouble.
    """
    fs, name = located(video.path)
    is_local = isinstance(fs, LocalFileSystem)
    size, more = (0 if is_local else video.size_bytes), (0 if store.is_local else video.size_bytes)
    with ExitStack() as held:
        held.enter_context(reserved(size, video.uri, more=more))
        folder = held.enter_context(store.staging())
        path = str(name) if is_local else _copy(fs, name, held.enter_context(staged(scratch())), video)
        try:
            yield path, folder
        except MediaError as error:  # where the file lies today is nothing that a record should say
            raise type(error)(str(error).replace(path, video.uri)) from error


def _copy(fs: Any, name: str, folder: Path, video: Video) -> str:
    local = folder / f"source{PurePosixPath(name).suffix}"
    with timed("fetch"), told(folder.parent):
        try:
            fs.get_file(name, str(local))
        except Exception as error:  # every file system has errors of its own
            why = "is gone" if isinstance(error, FileNotFoundError) else f"cannot be copied ({error})"
            message = f"{video.path}: it {why}; check it, or take it out of the source"
            raise NotAtHand(masked(str(error) if isinstance(error, StoreError) else message)) from error
    return str(local)
