"""What steps that only look have found, line by line: fine, worth knowing, or wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vidcurate.store.mask import masked

Level = Literal["ok", "note", "trouble"]
COLOURS: Mapping[Level, str] = {"ok": "green", "note": "yellow", "trouble": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        name: what was looked at.
        level: `trouble` if something is wrong; `note` if it is worth knowing.
        said: what was found.
        todo: what to do about it; empty where there is nothing.
    """

    name: str
    level: Level
    said: str
    todo: str = ""


Found = Mapping[str, Sequence[Finding]]
"""Findings by group, in order."""


def ok(name: str, said: str) -> Finding:
    """All is well."""
    return Finding(name, "ok", said)


def note(name: str, said: str, todo: str = "") -> Finding:
    """Nothing is wrong."""
    return Finding(name, "note", said, todo)


def trouble(name: str, said: str, todo: str) -> Finding:
    """Something is wrong, and what to do."""
    return Finding(name, "trouble", said, todo)


def lines(found: Found) -> Iterator[str]:
    """Each finding as a line: level, group/name, what was found and what to do; credentials in URLs are hidden."""
    for group, entries in found.items():
        for entry in entries:
            todo = f" -> {entry.todo}" if entry.todo else ""
            yield masked(f"{entry.level:<7} {group}/{entry.name}: {entry.said}{todo}")


def table(found: Found) -> Table:
    """The same for a terminal, which shows it in colours; what to do stands on a line of its own."""
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    shown.add_column("")
    shown.add_column("looked at", overflow="fold")
    shown.add_column("found, and what to do", overflow="fold", ratio=1)
    for group, entries in found.items():
        shown.add_row("", Text(group, style="bold"), "")
        for entry in entries:
            said = Text(masked(entry.said))
            if entry.todo:
                said.append(f"\n→ {masked(entry.todo)}", style=COLOURS[entry.level])
            shown.add_row(Text(entry.level, style=COLOURS[entry.level]), Text(f"  {entry.name}"), said)
        shown.add_section()
    return shown


def tally(found: Found) -> str:
    """How many there are of each level."""
    levels = [entry.level for entries in found.values() for entry in entries]
    return f"{levels.count('ok')} ok, {levels.count('note')} to note, {levels.count('trouble')} in trouble"


def print_found(found: Found, console: Console) -> None:
    """Print what was found: a table on a terminal, a line for each finding elsewhere."""
    if console.is_terminal:
        console.print(table(found))
    else:
        for line in lines(found):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(tally(found), highlight=False)
