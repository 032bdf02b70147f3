"""A part of a file, such as a member of a tar, as a file of its own."""

from __future__ import annotations

import io
from typing import BinaryIO


class Within(io.RawIOBase):
    """The bytes of a file from `offset` on, read where they are.

    Args:
        file: that can seek; nobody else may read it meanwhile.
        offset: of the first byte.
        size: how many there are.
        name: for messages.
    """

    def __init__(self, file: BinaryIO, offset: int, size: int, name: str) -> None:
        self._file, self._offset, self._size, self._name, self._at = file, offset, size, name, 0

    def __str__(self) -> str:
        return self._name

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Bytes from the first one to the next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere, as in any file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next bytes, none beyond the last one."""
        left = max(0, self._size - self._at)
        self._file.seek(self._offset + self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data
