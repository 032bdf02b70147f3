"""What a benchmark has found: printed for people, and as JSON for `run_all.py` where `--json FILE` is given.

A finding is a table, a line, or a figure: a number by name that a summary can hold against a target.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from rich.console import Console
from rich.table import Table


def add_json(parser: ArgumentParser) -> None:
    """The option of every benchmark."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what is found there, too")


class Findings:
    """Shows findings as they come; the file is written anew after each, so that a killed benchmark leaves the rest.

    Args:
        file: where they go besides; None prints them only.
        width: columns of the terminal; None is what it has.
    """

    def __init__(self, file: Path | None = None, width: int | None = None) -> None:
        self.tables: list[dict[str, object]] = []
        self.lines: list[str] = []
        self.figures: dict[str, float] = {}
        self._file = file
        self._console = Console(width=width)

    def table(self, table: Table) -> None:
        """Print a table."""
        self._console.print(table)
        cells = [[str(cell) for cell in column.cells] for column in table.columns]
        rows = [list(row) for row in zip(*cells, strict=True)]
        title = str(table.title or "")
        self.tables.append({"title": title, "columns": [str(column.header) for column in table.columns], "rows": rows})
        self._write()

    def line(self, line: str) -> None:
        """Print a line."""
        print(line, flush=True)
        self.lines.append(line)
        self._write()

    def figure(self, name: str, value: float) -> None:
        """Keep a number; nothing is printed."""
        self.figures[name] = float(value)
        self._write()

    def _write(self) -> None:
        if self._file is None:
            return
        found = {"tables": self.tables, "lines": self.lines, "figures": self.figures}
        staged = self._file.with_name(f"{self._file.name}.new")
        staged.write_text(json.dumps(found, indent=1), encoding="utf-8")
        staged.replace(self._file)
