"""A file system elsewhere, as we use it: names are taken as they are, and operations are patient.

What fsspec's own methods would get wrong: globs in names that are only names (`rm`, `mv`), and errors that look like
absence (`exists`, `isfile`, `isdir`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from glob import has_magic
from pathlib import Path
from typing import Any, TypeVar

from vidcurate.store.retry import CutShort, patiently

Result = TypeVar("Result")

BLOCK = 4 * 2**20
"""Bytes that are read at once from an open file."""


class Remote:
    """One file system of fsspec; paths are those of `located`.

    Attributes:
        plain: fsspec's own.

    Args:
        plain: likewise.
    """

    def __init__(self, plain: Any) -> None:
        self.plain = plain

    @property
    def protocol(self) -> Any:
        """Its name, or several."""
        return self.plain.protocol

    def unstrip_protocol(self, path: str) -> str:
        """A path as a URL."""
        return str(self.plain.unstrip_protocol(path))

    def info(self, path: str) -> dict[str, Any]:
        """`name`, `size` in bytes and `type`, `file` or `directory`.

        Raises:
            FileNotFoundError: there is nothing.
        """
        return dict(self._do(lambda: self.plain.info(path), "found", path))

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder."""
        return self._type(path) is not None

    def isfile(self, path: str) -> bool:
        """Whether there is a file."""
        return self._type(path) == "file"

    def isdir(self, path: str) -> bool:
        """Whether there is a folder."""
        return self._type(path) == "directory"

    def size(self, path: str) -> int:
        """Bytes of a file."""
        return int(self.info(path)["size"])

    def ls(self, path: str, detail: bool = True) -> Any:
        """What is right below a folder."""
        return self._do(lambda: self.plain.ls(path, detail=detail), "listed", path)

    def find(self, path: str, detail: bool = False) -> Any:
        """All files below a folder."""
        return self._do(lambda: self.plain.find(path, detail=detail), "listed", path)

    def glob(self, path: str) -> list[str]:
        """Files whose names match."""
        return list(self._do(lambda: self.plain.glob(path), "listed", path))

    def cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, or of a part of it that ends before `end`."""

        def read() -> bytes:
            content = bytes(self.plain.cat_file(path, start=start, end=end))
            if start is not None and end is not None and len(content) > end - start:  # the server sends only the whole
                content = content[start:end]
            return content

        return self._do(read, "read", path)

    def cat_ranges(self, paths: Sequence[str], starts: Any, ends: Any, on_error: str = "raise") -> list[bytes]:
        """Parts of files."""
        read = self.plain.cat_ranges
        return list(self._do(lambda: read(list(paths), starts, ends, on_error=on_error), "read", paths[0]))

    def open(self, path: str, mode: str = "rb") -> io.BufferedReader:
        """A file to read; each block is asked for by itself.

        Raises:
            FileNotFoundError: there is none.
        """
        size = self.info(path)["size"]
        if size is None:  # a server that does not tell
            return io.BufferedReader(io.BytesIO(self.cat_file(path)))
        return io.BufferedReader(_Reader(self, path, int(size)), BLOCK)

    def get_file(self, path: str, local: str) -> None:
        """Copy a file here."""

        def get() -> None:
            size = self.plain.info(path)["size"]
            self.plain.get_file(path, local)
            if size is not None and (came := Path(local).stat().st_size) != size:
                raise CutShort(f"{came} of {size} bytes came")

        self._do(get, "copied", path)

    def pipe_file(self, path: str, data: bytes, mode: str = "overwrite") -> None:
        """Write a file, whole or not at all."""
        self._write(lambda: self.plain.pipe_file(path, data, mode=mode), path)

    def put_file(self, local: str, path: str) -> None:
        """Copy a local file there, in parts if it is large, whole or not at all."""
        self._write(lambda: self.plain.put_file(local, path), path)

    def makedirs(self, path: str, exist_ok: bool = True) -> None:
        """Make a folder where there are such."""
        self._write(lambda: self.plain.makedirs(path, exist_ok=exist_ok), path)

    def mv(self, path: str, goal: str) -> None:
        """Rename a file: a copy, then its removal."""
        self._write(lambda: self.plain.cp_file(path, goal), goal)
        self._do(lambda: self.plain.rm_file(path), "removed", path)

    def rm(self, path: str, recursive: bool = True) -> None:
        """Remove a file, or all below a folder; what is gone by then is gone."""

        def remove() -> None:
            try:
                if not has_magic(path):
                    self.plain.rm(path, recursive=recursive)
                    return
                for name in self.plain.find(path):
                    self.plain.rm_file(name)
            except FileNotFoundError:
                return

        self._do(remove, "removed", path)

    def _type(self, path: str) -> str | None:
        try:
            return str(self.info(path)["type"])
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _do(self, operation: Callable[[], Result], what: str, path: str) -> Result:
        return patiently(operation, what, self.unstrip_protocol(path))

    def _write(self, operation: Callable[[], object], path: str) -> None:
        def write() -> None:
            try:
                operation()
            except FileNotFoundError as error:  # no such bucket
                raise OSError(str(error) or "there is no such bucket or container") from error

        self._do(write, "written", path)


class _Reader(io.RawIOBase):
    """A file as a stream that may be read from anywhere."""

    def __init__(self, fs: Remote, path: str, size: int) -> None:
        self._fs, self._path, self._size, self._at = fs, path, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._at + len(view), self._size)
        if end <= self._at:
            return 0
        content = self._fs.cat_file(self._path, start=self._at, end=end)
        if len(content) != end - self._at:
            raise OSError(f"{self._path}: {len(content)} bytes came, not {end - self._at}: it was changed meanwhile")
        view[: len(content)] = content
        self._at = end
        return len(content)
