"""What components ask this machine for when they are checked: packages that must be there, and files of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a component cannot do without.

    Attributes:
        kind: a `module` that is imported later, a file or folder of `weights`, or a `checkpoint` of the hub.
        name: of the module, of the file, or the checkpoint's id.
        path: where weights are; None for the other kinds.
    """

    kind: Literal["module", "weights", "checkpoint"]
    name: str
    path: Path | None = None


_lists: list[list[Asked]] = []


@contextmanager
def asking() -> Iterator[list[Asked]]:
    """What is asked for in a block, each thing once, in order; filled as the block goes on."""
    found: list[Asked] = []
    _lists.append(found)
    try:
        yield found
    finally:
        _lists.remove(found)


def ask(thing: Asked) -> None:
    """Tell whoever listens; nothing happens if nobody does."""
    for found in _lists:
        if thing not in found:
            found.append(thing)
