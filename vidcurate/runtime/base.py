"""What a runtime is: it applies one function to many videos, here or elsewhere, and hands results back as they come."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, TypeVar

from vidcurate.registry import Component, settings

Item = TypeVar("Item")
Result = TypeVar("Result")


@settings
class Runtime(Component):
    """Where the work is done. Results never depend on it."""

    kind: ClassVar[str] = "runtime"

    @property
    def remote(self) -> bool:
        """Whether workers may have more cores or GPUs than this machine: work that only needs those goes there, too."""
        return False

    @property
    def part_length(self) -> float | None:
        """Seconds from which on a video is shared by workers, and how long their parts are; None shares none."""
        return None

    @abstractmethod
    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """`function` of every item, in any order.

        Args:
            function: pickles by reference (a module-level function, or a partial of one).
            items: small values: paths and records, never pixels.
        """
