"""List: the videos that a manifest names: a text file, CSV, JSON or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

import pydantic

from vidcurate.errors import ConfigError, MissingInput, StoreError
from vidcurate.registry import register
from vidcurate.source.base import Input, Source
from vidcurate.source.confined import confined
from vidcurate.source.folder import SUFFIXES
from vidcurate.store.mask import masked
from vidcurate.store.options import Size
from vidcurate.store.reach import is_url, located

KEYS = ("path", "uri", "url", "video")
"""What a column of a CSV or a key of a JSON object that holds paths may be called; the first that is there counts."""

LICENSE = "license"
"""Column or key of a video's licence, if there is one."""

LONGEST = 32768
"""Characters of a path or URL; more is no list of them."""

Entry = tuple[str, str]
"""A path or URL and its licence, which may be empty."""


@register
class ListFile(Source):
    """Paths and URLs from a manifest; relative paths start from the manifest's folder.

    By suffix: `.csv` and `.tsv` with a column `path`, `uri`, `url` or `video`, or with one column only; `.json`, a list
    of strings or of objects with such a key; `.jsonl` and `.ndjson`, one of these a line; any other, a path a line,
    where empty lines and those that begin with `#` are left out.

    What is listed is an input even where it does not exist: the run records it as failed. What is listed again is an
    input of its own, `clip.mp4#2`, which the run records as a duplicate.

    A column or key `license` says under which licence a video may be used; where it is empty, the setting counts.

    Attributes:
        path: the manifest, a local path or a URL; UTF-8.
        max_manifest_bytes: a larger manifest is refused.
    """

    path: Annotated[str, pydantic.Field(min_length=1)]
    max_manifest_bytes: Size = 2**31

    def inputs(self) -> Iterator[Input]:
        """Everything that is listed, sorted by uri.

        Raises:
            MissingInput: there is no such manifest, or nothing in it.
            ConfigError: it is not what its suffix says, has no column or key for paths, or names what is not `below`.
        """
        entries = self._entries()
        if not entries:
            raise MissingInput(f"source.path={self.path!r} lists no video")
        times: Counter[str] = Counter()
        listed = []
        for entry, license in entries:
            name = masked(entry)
            times[name] += 1
            uri = _printable(name if times[name] == 1 else f"{name}#{times[name]}")
            listed.append(Input(uri=uri, path=self._resolve(entry), license=license))
        ordered = sorted(listed, key=lambda found: found.uri)
        return iter(confined(ordered, self.below, self._home))

    def _entries(self) -> list[Entry]:
        fs, name = located(self.path)
        read = {".csv": _csv, ".tsv": _tsv, ".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines}
        try:
            size = int(fs.size(name) or 0)
            if size > self.max_manifest_bytes:
                raise ValueError(f"{size} bytes; source.max_manifest_bytes is {self.max_manifest_bytes}")
            text = fs.cat_file(name).decode("utf-8-sig")
            entries = read.get(PurePosixPath(name).suffix.lower(), _lines)(text)
        except (OSError, StoreError) as error:
            raise MissingInput(masked(f"source.path={self.path!r}: no manifest can be read there ({error})")) from error
        except (ValueError, csv.Error, RecursionError) as error:  # of Unicode, JSON and what is listed
            raise ConfigError([f"source.path={self.path!r}: {error}"]) from error
        entries = [(path.strip(), license.strip()) for path, license in entries if path.strip()]
        longest = max((path for path, _ in entries), key=len, default="")
        if len(longest) > LONGEST:
            raise ConfigError(
                [
                    f"source.path={self.path!r}: {longest[:40]!r}... has {len(longest)} characters; a path or URL has "
                    f"{LONGEST} at most"
                ]
            )
        return entries

    def _resolve(self, entry: str) -> str:
        if is_url(entry):
            return entry
        if is_url(self.path) and not entry.startswith("/"):
            return f"{self._home}/{entry}"
        return str(Path(self._home) / entry)

    @property
    def _home(self) -> str:
        """The manifest's folder."""
        if is_url(self.path):
            return self.path.rpartition("/")[0]
        return str(Path(self.path).expanduser().absolute().parent)


def _printable(name: str) -> str:
    """A name as valid Unicode; half characters, which JSON can spell, become escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def _lines(text: str) -> list[Entry]:
    return [(line, "") for line in text.split("\n") if not line.lstrip().startswith("#")]


def _tsv(text: str) -> list[Entry]:
    return _csv(text, "\t")


def _csv(text: str, delimiter: str = ",") -> list[Entry]:
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    if not rows:
        return []
    head = [cell.strip().lower() for cell in rows[0]]
    if len(head) == 1:
        headless = PurePosixPath(head[0]).suffix in SUFFIXES
        return [(row[0], "") for row in rows[0 if headless else 1 :]]
    column = next((head.index(key) for key in KEYS if key in head), None)
    if column is None:
        raise ValueError(f"no column {', '.join(KEYS)}; columns: {', '.join(rows[0])}")
    license = head.index(LICENSE) if LICENSE in head else len(head)
    return [(_cell(row, column), _cell(row, license)) for row in rows[1:]]


def _cell(row: list[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _json(text: str) -> list[Entry]:
    values = json.loads(text)
    if not isinstance(values, list):
        raise ValueError(f"expected a list, got {type(values).__name__}")
    return [_named(value, f"entry {number}") for number, value in enumerate(values, 1)]


def _json_lines(text: str) -> list[Entry]:
    lines = enumerate(text.split("\n"), 1)
    return [_named(json.loads(line), f"line {number}") for number, line in lines if line.strip()]


def _named(value: object, where: str) -> Entry:
    license: object = ""
    if isinstance(value, Mapping):
        license = value.get(LICENSE) or ""
        value = next((value[key] for key in KEYS if key in value), value)
    if not isinstance(value, str):
        raise ValueError(f"{where}: expected a string or an object with a key {', '.join(KEYS)}; got {value!r}")
    if not isinstance(license, str):
        raise ValueError(f"{where}: expected a string at the key {LICENSE}; got {license!r}")
    return value, license
