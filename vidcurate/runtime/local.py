"""Everything in this process, one video after the other: the reference that every other runtime must equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from vidcurate.registry import register
from vidcurate.runtime.base import Item, Result, Runtime


@register
class Local(Runtime):
    """This process."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """`function` of every item, in order."""
        return map(function, items)
