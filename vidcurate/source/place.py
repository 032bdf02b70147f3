"""The file of a source: copied here where it lies elsewhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import UnreadableVideo
from vidcurate.store.mask import masked
from vidcurate.store.reach import located


def brought(place: str, folder: Path) -> str:
    """A local path that holds what is at a place: the path itself, or a copy of a URL's file in `folder`.

    Raises:
        UnreadableVideo: it cannot be copied.
    """
    fs, name = located(place)
    if isinstance(fs, LocalFileSystem):
        return str(name)
    local = folder / f"source{PurePosixPath(name).suffix}"
    try:
        fs.get_file(name, str(local))
    except Exception as error:  # every file system has errors of its own
        raise UnreadableVideo(
            masked(f"{place}: cannot be copied ({error}); check it, or take it out of the source")
        ) from error
    return str(local)
