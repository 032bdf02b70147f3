"""One check of a dataset: how much it looked at, how much of that is wrong, and the first examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import pyarrow as pa

DAMAGE = (OSError, ValueError, KeyError, pa.ArrowException)
"""What reading a table or JSON raises where its bytes, its columns or its keys are not those that were written."""
EXAMPLES = 5
"""Faults that a check tells in words; the others it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a check has found.

    Attributes:
        name: `group/thing`, e.g. `shards/files`.
        checked: things it looked at.
        faults: that it found.
        examples: the first of them, one sentence each.
        note: what it did not look at, and why; empty where it saw everything.
    """

    name: str
    checked: int = 0
    faults: int = 0
    examples: tuple[str, ...] = ()
    note: str = ""


def checked(name: str, findings: Iterable[str | None], note: str = "") -> Check:
    """Count findings without keeping them.

    Args:
        name: of the check.
        findings: one for each thing it looked at: None if it is sound, else what is wrong with it.
        note: what it does not look at.
    """
    things = faults = 0
    examples: list[str] = []
    for fault in findings:
        things += 1
        if fault is not None:
            faults += 1
            examples += [fault][: EXAMPLES - len(examples)]
    return Check(name=name, checked=things, faults=faults, examples=tuple(examples), note=note)


def guarded(name: str, look: Callable[[], Check]) -> Check:
    """A check, or the fault that a file it goes by cannot be read."""
    try:
        return look()
    except DAMAGE as error:
        return checked(name, [f"a file that this goes by cannot be read: {error}"])


def merged(name: str, parts: Iterable[Check], note: str = "") -> Check:
    """What several parts of a check have found, in their order."""
    found = list(parts)
    return Check(
        name=name,
        checked=sum(part.checked for part in found),
        faults=sum(part.faults for part in found),
        examples=tuple(islice(chain.from_iterable(part.examples for part in found), EXAMPLES)),
        note=note,
    )


def rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows of a table, a few thousand at a time."""
    for batch in table.to_batches(max_chunksize=4096):
        yield from batch.to_pylist()
