"""From a place to the file system that holds it: a local path, whatever characters it holds, or a URL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import ConfigError, MissingExtra
from vidcurate.store.mask import masked
from vidcurate.store.options import current
from vidcurate.store.remote import Remote

PACKAGES = {
    "s3": ("s3fs", "s3"),
    "s3a": ("s3fs", "s3"),
    "gs": ("gcsfs", "gcs"),
    "gcs": ("gcsfs", "gcs"),
    "az": ("adlfs", "azure"),
    "abfs": ("adlfs", "azure"),
    "abfss": ("adlfs", "azure"),
    "http": ("aiohttp", "http"),
    "https": ("aiohttp", "http"),
}
"""By scheme, the package that reaches it and the extra that brings it."""
DEFAULTS: dict[str, dict[str, Any]] = {"s3": {"config_kwargs": {"retries": {"mode": "standard", "max_attempts": 3}}}}
"""Options where the user gives none: botocore's own retries would take minutes before ours are asked."""

_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+)://")
_CHAINED = re.compile(r"::[a-zA-Z][a-zA-Z0-9+.-]+://")
_LOCAL = ("file", "local")


def is_url(place: str) -> bool:
    """Whether it begins like `scheme://`."""
    return _URL.match(place) is not None


def located(place: str) -> tuple[Any, str]:
    """The file system that holds a place, and the place's name on it; nothing is opened.

    Listings are not cached: what others write is seen. Every character of a key is taken as it is, except that
    `::scheme://` chains file systems as fsspec has it.

    Returns:
        fsspec's own file system of this machine, or a `Remote`.

    Raises:
        ConfigError: there is no file system of that scheme, or its options are wrong.
        MissingExtra: it needs a package that is not installed.
    """
    if place.startswith(tuple(f"{scheme}:" for scheme in _LOCAL)):
        return LocalFileSystem(), str(LocalFileSystem._strip_protocol(place)).rstrip("/") or "/"
    found = _URL.match(place)
    if found is None and not _CHAINED.search(place):  # fsspec would read a `::` in a path as syntax of its own
        return LocalFileSystem(), Path(place).expanduser().absolute().as_posix()
    scheme = found[1] if found else ""
    try:
        if _CHAINED.search(place):
            fs, name = fsspec.core.url_to_fs(place, **{one: _options(one) for one in current().options})
        else:
            cls = fsspec.get_filesystem_class(scheme)
            options = _options(scheme) | {"use_listings_cache": False}
            fs, name = cls(**cls._get_kwargs_from_urls(place) | options), cls._strip_protocol(place)
    except ImportError as error:
        if scheme in PACKAGES:
            package, extra = PACKAGES[scheme]
            raise MissingExtra(f"{scheme}://", package=package, extra=extra) from error
        raise ConfigError([f"{masked(place)!r} cannot be opened: {error}"]) from error
    except (TypeError, ValueError) as error:
        raise ConfigError([f"{masked(place)!r} cannot be opened: {error}"]) from error
    return Remote(fs), str(name)


def _options(scheme: str) -> dict[str, Any]:
    """Options of a scheme, those of its other names among them."""
    same = [name for name in (*PACKAGES, scheme) if PACKAGES.get(name, name) == PACKAGES.get(scheme, scheme)]
    given = current().options
    options: dict[str, Any] = dict(DEFAULTS.get("s3" if scheme == "s3a" else scheme, {}))
    for name in same:
        options |= {key: value for key, value in given.get(name, {}).items() if value is not None}
    return options
