"""CSV for people with spreadsheets: no text of a stranger is run as a formula, and every text reads back unchanged.

A text that a spreadsheet might take for a formula gets an apostrophe before it, which spreadsheets do not show; so does
one that looks as if it had got one already. Source: OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from vidcurate.errors import ConfigError

SHEET = "review/review.csv"
"""Where the review of a dataset is written, and looked for by the next one."""
MAX_BYTES = 2**30
"""Of a file that is read back: some million rows."""
DELIMITERS = ",;\t"
"""What spreadsheets write between cells, by the country they are set to."""

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001  # spreadsheets take the wide forms for the narrow ones


def guarded(text: str) -> str:
    """A text as a cell that is shown and not run."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """The text of which `guarded` has made a cell, or that somebody has typed."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8 with the mark by which spreadsheets know it; texts are guarded, None is an empty cell."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return lines.getvalue().encode("utf-8-sig")


def read_sheet(data: bytes, where: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Rows of a CSV file with the line on which each begins, as plain texts by the names in its first line.

    Args:
        data: UTF-8, or UTF-16 with its mark; cells are parted by commas, semicolons or tabs.
        where: what messages call it.

    Raises:
        ConfigError: it is no such file.
    """
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{where}: not UTF-8 ({error.reason}, byte {error.start}); save it as CSV UTF-8"]) from error
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
    before = 0
    try:
        head = [plain(cell).strip().lower() for cell in next(reader, [])]
        before = reader.line_num
        for row in reader:
            if any(row):
                yield before + 1, dict.fromkeys(head, "") | dict(zip(head, map(plain, row), strict=False))
            before = reader.line_num
    except csv.Error as error:
        raise ConfigError([f"{where} line {before + 1}: no CSV: {error}"]) from error


def without_rows(data: bytes, gone: Collection[str]) -> bytes:
    """A review without the rows of clips that are gone, and without their names in the others, which stay decided."""
    rows = [row for _, row in read_sheet(data, SHEET)]
    head = list(rows[0]) if rows else []
    left = (row for row in rows if row[head[0]] not in gone)
    return sheet(head, [["" if cell in gone else cell for cell in row.values()] for row in left])
