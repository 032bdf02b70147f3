"""Where things lie: a local path, whatever characters it holds, or a URL of any file system that fsspec knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import ConfigError

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
