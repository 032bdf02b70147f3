"""How other file systems are reached, and where their files lie meanwhile; every worker works by the same options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import fsspec.config

from vidcurate.registry import Count, settings


@settings
class Storage:
    """What all stores of a run have in common. It is not part of what a dataset is made from, and never stored.

    Attributes:
        options: of fsspec by protocol, e.g. `{"s3": {"endpoint_url": "http://minio:9000", "profile": "lab"}}`.
        scratch: local folder for files of remote stores while they are worked on; None is the system's.
        scratch_limit: bytes that all processes of a machine together may take there; None is no limit.
    """

    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scratch: str | None = None
    scratch_limit: Count | None = None


_current = Storage()


def use(storage: Storage) -> None:
    """Reach stores by these options from now on, in this process."""
    global _current
    for protocol, options in storage.options.items():
        fsspec.config.conf[protocol] = {**fsspec.config.conf.get(protocol, {}), **options}
    _current = storage


def current() -> Storage:
    """The options in use."""
    return _current
