"""Everything in this process, one video after the other: the reference that every other runtime must equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vidcurate.registry import register
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.task import Done, Item, Lost, Result, Task


@register
class Local(Runtime):
    """This process."""

    def run(
        self, task: Task[Item, Result], items: Iterable[Item], *, models: bool
    ) -> Iterator[Done[Result] | Lost[Item]]:
        """`task` of every item, in order."""
        return map(task, items)
