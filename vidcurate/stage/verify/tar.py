"""What lies in a tar of samples, read as a loader reads it: headers in their order, contents where they are short."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TOLD = ("json", "txt")
"""Suffixes of the members that are read; of the others it is enough to know where they lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in the tar.

    Attributes:
        name: of it.
        start: of its first header.
        offset: of its content.
        size: of its content.
        content: all of it for `TOLD`, else empty.
    """

    name: str
    start: int
    offset: int
    size: int
    content: bytes = b""

    @property
    def key(self) -> str:
        """Up to the first dot of the name; which sample it belongs to."""
        folder, slash, name = self.name.rpartition("/")
        return folder + slash + name.partition(".")[0]

    @property
    def suffix(self) -> str:
        """What follows the first dot of the name."""
        return self.name.rpartition("/")[2].partition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A sample as it lies in a shard.

    Attributes:
        key: of the sample.
        members: side by side, in their order.
    """

    key: str
    members: tuple[Member, ...]

    def member(self, suffix: str) -> Member | None:
        """The member with a suffix, or None."""
        return next((entry for entry in self.members if entry.suffix == suffix), None)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Of its members, in their order."""
        return tuple(entry.suffix for entry in self.members)


def read_tar(path: Path) -> Iterator[Packed]:
    """Samples as a streaming loader puts them together: members side by side with one key and different suffixes.

    Raises:
        tarfile.TarError: it is no tar, or something else than files is in it.
    """
    together: list[Member] = []
    for member in _members(path):
        if together and (member.key != together[0].key or member.suffix in {entry.suffix for entry in together}):
            yield Packed(key=together[0].key, members=tuple(together))
            together = []
        together.append(member)
    if together:
        yield Packed(key=together[0].key, members=tuple(together))


def _members(path: Path) -> Iterator[Member]:
    with tarfile.open(path, "r:") as tar:
        for entry in tar:
            file = tar.extractfile(entry) if entry.isfile() else None
            if file is None:
                raise tarfile.TarError(f"{entry.name!r} is no plain file")
            short = entry.name.rpartition(".")[2] in TOLD
            yield Member(
                name=entry.name,
                start=entry.offset,
                offset=entry.offset_data,
                size=entry.size,
                content=file.read() if short else b"",
            )
            tar.members = []  # type: ignore[attr-defined]  # undocumented; else it keeps all headers
