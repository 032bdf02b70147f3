"""Where things lie: a local path, whatever characters it holds, or a URL of any file system that fsspec knows."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import ConfigError, UnreadableVideo

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")


def is_url(place: str) -> bool:
    """Whether it begins like `scheme://`."""
    return _URL.match(place) is not None


def located(place: str) -> tuple[Any, str]:
    """The fsspec file system that holds a place, and the place's name on it; nothing is opened.

    Raises:
        ConfigError: no file system of that scheme is installed.
    """
    if not is_url(place):  # fsspec would read a `::` in a path as syntax of its own
        return LocalFileSystem(), Path(place).expanduser().absolute().as_posix()
    try:
        fs, name = fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise ConfigError([f"{place!r} cannot be opened: {error} (s3: pip install 'vidcurate[s3]')"]) from error
    return fs, name


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
        raise UnreadableVideo(f"{place}: cannot be copied ({error}); check it, or take it out of the source") from error
    return str(local)
