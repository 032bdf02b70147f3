"""How other file systems are reached, and where their files lie meanwhile; every worker works by the same options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

import pydantic

from vidcurate.registry import settings
from vidcurate.store.mask import is_secret, masked

UNITS = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
HARMLESS = ("", "???", "anon", "google_default", "cache", "browser", "cloud")
"""Values of what sounds like a secret and is none: the last ones tell gcsfs, as `token`, where to look for it."""


def _bytes(value: object) -> object:
    """`50GB` and the like as a number; what is no text is left to be judged as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(value).lower())
    if found is None or found[2] not in UNITS:
        raise ValueError("expected bytes, e.g. 50GB or 50GiB")
    return int(float(found[1]) * UNITS[found[2]])


Size = Annotated[int, pydantic.BeforeValidator(_bytes), pydantic.Field(ge=1)]
"""Bytes: a number, or one with a unit, `kB` to `TB` by thousands and `KiB` to `TiB` by 1024."""


@settings
class Storage:
    """What all stores of a run have in common. It is not part of what a dataset is made from, and never stored.

    Attributes:
        options: of fsspec by protocol, e.g. `{"s3": {"endpoint_url": "http://minio:9000", "profile": "lab"}}`.
        scratch: local folder for files of remote stores while they are worked on; None is the system's.
        scratch_limit: bytes that all processes of a machine together may take there, e.g. `50GB`; None is no limit.
    """

    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    scratch: str | None = None
    scratch_limit: Size | None = None


_current = Storage()


def use(storage: Storage) -> None:
    """Reach stores by these options from now on, in this process."""
    global _current
    _current = storage


def current() -> Storage:
    """The options in use."""
    return _current


def secrets_in(options: object, key: str = "storage.options") -> Iterator[str]:
    """Keys of a config, dotted, that hold what looks like a secret.

    Args:
        options: plain values.
        key: where they stand in the config.
    """
    if isinstance(options, Mapping):
        for name, value in options.items():
            if is_secret(str(name)) and value is not None and value not in HARMLESS:
                yield f"{key}.{name}"
            else:
                yield from secrets_in(value, f"{key}.{name}")
    elif isinstance(options, list | tuple):
        for value in options:
            yield from secrets_in(value, key)
    elif isinstance(options, str) and masked(options) != options:
        yield key


def refused(key: str) -> str:
    """What to say of a secret in the config; not what it is."""
    return (
        f"{key} looks like a secret, and Hydra's folder of outputs and the history of the shell would keep it. Give it "
        "by the environment (AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_CONNECTION_STRING), by a "
        "profile (storage.options.s3.profile=NAME), or by fsspec's own file, ~/.config/fsspec/*.json"
    )
