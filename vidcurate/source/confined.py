"""Whether what a source names lies where it must: no `..`, no link and no other scheme leads out of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidcurate.errors import ConfigError
from vidcurate.source.base import Input
from vidcurate.store.mask import masked
from vidcurate.store.reach import is_url

SHOWN = 10
"""Inputs that are named; the others are counted."""


def confined(inputs: Sequence[Input], below: str | None, home: str) -> Sequence[Input]:
    """The inputs, once sure that all lie below a folder.

    Args:
        inputs: of a source.
        below: the folder, a local path or a URL; `.` is `home`. None allows any place.
        home: the folder that a source is of.

    Raises:
        ConfigError: for those that do not, links followed.
    """
    if below is None:
        return inputs
    root = home if below == "." else below
    outside = [entry for entry in inputs if not _lies_below(entry.path, root)]
    if outside:
        more = [f"and {len(outside) - SHOWN} more inputs"] if len(outside) > SHOWN else []
        said = [f"source.below={below!r}: {entry.uri!r} leads to {masked(entry.path)!r}" for entry in outside[:SHOWN]]
        raise ConfigError([*said, *more])
    return inputs


def _lies_below(path: str, root: str) -> bool:
    if is_url(root):
        rest = path.removeprefix(f"{root.rstrip('/')}/")
        return rest != path and ".." not in rest.split("/") and "::" not in rest
    if is_url(path) or "::" in path or "\0" in path:
        return False
    try:
        return Path(path).resolve().is_relative_to(Path(root).expanduser().resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False
