"""What a doctor's check is shown, and how it words what it finds; `trouble` is what stops the configuration."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from vidcurate.errors import VidcurateError
from vidcurate.recipe import Recipe
from vidcurate.runtime.base import Runtime
from vidcurate.source.base import Source
from vidcurate.stage.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A configuration that is to run on this machine.

    Attributes:
        recipe: its components.
        steps: of `recipe.STEPS`, those that should be possible.
        runtime: where the work would be done.
        out: root of the dataset.
        source: where videos come from; None where the config names none.
        inputs: other places that are only read, by the key that names them.
    """

    recipe: Recipe
    steps: tuple[str, ...]
    runtime: Runtime
    out: str
    source: Source | None = None
    inputs: tuple[tuple[str, str], ...] = ()

    def does(self, *steps: str) -> bool:
        """Whether any of these is among its steps."""
        return bool(set(steps) & set(self.steps))


Check = Callable[[Case], Iterator[Finding]]
"""Looks at one side of the machine; may raise whatever broken libraries raise."""


def lack(needed: bool, name: str, said: str, todo: str) -> Finding:
    """Trouble if it is needed, else a note."""
    return Finding(name, "trouble" if needed else "note", said, todo)


def told(error: BaseException) -> str:
    """The first line of what an error says, with its class where that is not of our own."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    kind = type(error).__name__
    return line if line and type(error).__module__.startswith("vidcurate") else f"{kind}: {line}" if line else kind


def listed(names: Collection[str]) -> str:
    """Names, sorted, as a sentence has them."""
    return ", ".join(sorted(names))


def parted(error: VidcurateError) -> tuple[str, str]:
    """What an error of ours says is wrong, and what it says is to be done: a command, or its last sentence or half."""
    said = "; ".join(getattr(error, "problems", ())) or str(error)
    for command in ("pip install ", "hf download ", "check "):
        wrong, mark, rest = said.rpartition(f": {command}")
        if mark:
            return wrong, f"{command}{rest}"
    for mark in (". ", "; "):
        wrong, _, advice = said.rpartition(mark)
        if wrong:
            return wrong, advice.removesuffix(".")
    return said, "bring what is named, or choose another option of this group"
