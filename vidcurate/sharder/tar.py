"""One tar of samples whose bytes depend on the samples alone; clips go into it from file to file.

A sample is `{key}.json` (metadata), `{key}.txt` (caption), `{key}.npy` (embedding, if wanted) and `{key}.mp4`, side by
side in that order, so that a streaming reader can decide on a clip before its bytes come. The .txt is there even when
it is empty: a sample that lacks a file is an error to `to_tuple("mp4", "txt")`.

Without a checksum the kernel copies clips where it can. Else they pass through one buffer, which takes about as many
CPU-seconds but moves every byte twice; the checksum sees them there. Headers are made here: `tarfile` is slower, and
pads to 10 KiB what ends with two empty blocks.

Source: the format that https://github.com/webdataset/webdataset 1.0 reads; POSIX.1-2017, pax: USTAR headers, and
extended ones only where those have no room.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import MissingInput, VidcurateError
from vidcurate.sharder.base import Sample
from vidcurate.sharder.media import open_media
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from vidcurate.sharder.samples import Samples

BLOCK = 512
"""Bytes that headers take and contents are padded to."""
CLOSING = 2 * BLOCK
"""Bytes of the two empty blocks that end a tar."""
BUFFER = 2**20
"""Bytes of a clip that are in memory at once."""
LARGEST = 0o77777777777
"""Bytes of the largest file that a USTAR header can tell, 8 GiB less one."""

ENCODE = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
OWNER = b"0000644\0" + 2 * b"0000000\0"
"""Mode 0644, user and group 0."""
TIME = b"00000000000\0"
REST = bytes(100) + b"ustar\x0000" + bytes(247)
"""What follows the type of a file: no link, no names of users, no device, no prefix."""
UNSUMMED = 8 * ord(" ") + sum(REST)
"""What checksums of headers have in common; they count as spaces themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Where the contents of a file lie in a tar.

    Attributes:
        extension: of its name, without a dot.
        offset: of its first byte.
        size: in bytes.
    """

    extension: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a sample lies in a tar.

    Attributes:
        key: of the sample.
        offset: of its first header.
        size: bytes up to the next sample.
        members: its files, in their order.
    """

    key: str
    offset: int
    size: int
    members: tuple[Member, ...]


class Tar:
    """A tar in the making.

    Args:
        file: takes its bytes.
        checksum: whether they are hashed on the way.
    """

    def __init__(self, file: BinaryIO, *, checksum: bool) -> None:
        self.file = file
        self.offset = 0
        self.buffer = memoryview(bytearray(BUFFER))
        self._sha256 = hashlib.sha256() if checksum else None

    @property
    def sha256(self) -> str:
        """Of what has been written, hexadecimal; empty if it is not hashed."""
        return self._sha256.hexdigest() if self._sha256 else ""

    def add(self, key: str, extension: str, content: bytes) -> Member:
        """Append a file with its content."""
        head = headers(f"{key}.{extension}", len(content))
        member = Member(extension=extension, offset=self.offset + len(head), size=len(content))
        self._write(head + content + bytes(-len(content) % BLOCK))
        return member

    def add_clip(self, store: Store, sample: Sample) -> Member:
        """Append a clip.

        Raises:
            MissingInput: its file is gone.
            VidcurateError: its file is not as large as the tables say.
        """
        with open_media(store, sample) as clip:
            self._write(headers(f"{sample.key}.mp4", sample.num_bytes))
            member = Member(extension="mp4", offset=self.offset, size=sample.num_bytes)
            left = sample.num_bytes - (0 if self._sha256 else self._by_kernel(clip, sample.num_bytes))
            while left and (read := clip.readinto(self.buffer[:left])):
                self._write(self.buffer[:read])
                left -= read
        if left:
            raise VidcurateError(f"{store.path(sample.media)} lost {left} bytes while it was packed: run again")
        self._write(bytes(-sample.num_bytes % BLOCK))
        return member

    def close(self) -> None:
        """Write what ends a tar."""
        self._write(bytes(CLOSING))

    def _by_kernel(self, clip: io.RawIOBase, size: int) -> int:
        """Copy a clip without bringing it here; return how many bytes the kernel was ready to copy.

        What it refuses (between file systems, where it is old, on macOS) is left to be read, which says what is wrong
        if it is the disk.
        """
        done = 0
        if isinstance(clip, io.FileIO) and hasattr(os, "copy_file_range"):
            self.file.flush()
            with suppress(OSError):
                while done < size and (step := os.copy_file_range(clip.fileno(), self.file.fileno(), size - done)):
                    done += step
        self.offset += done
        return done

    def _write(self, data: bytes | memoryview) -> None:
        if self._sha256:
            self._sha256.update(data)
        self.file.write(data)
        self.offset += len(data)


def write_tar(
    store: Store, samples: Iterable[Sample], path: Path, *, embedding: bool = False, checksum: bool = True
) -> tuple[tuple[Entry, ...], str]:
    """Write samples to a tar, one clip after the other, without holding any in memory.

    Args:
        store: holds the clips.
        samples: in the order in which they shall be read.
        path: the local file to write.
        embedding: whether each has its vector as .npy.
        checksum: whether to hash it.

    Returns:
        Where each sample lies, and the SHA-256 of the file in hexadecimal, empty without `checksum`.

    Raises:
        MissingInput: a clip's file is gone, or a wanted vector is missing.
        VidcurateError: a clip's file is not as large as the tables say.
    """
    entries = []
    with path.open("wb") as file:
        tar = Tar(file, checksum=checksum)
        for sample in samples:
            start = tar.offset
            texts = _texts(sample, embedding)
            members = [tar.add(sample.key, extension, content) for extension, content in texts.items()]
            members.append(tar.add_clip(store, sample))
            entries.append(Entry(key=sample.key, offset=start, size=tar.offset - start, members=tuple(members)))
        tar.close()
    return tuple(entries), tar.sha256


def member_bytes(sample: Sample, *, embedding: bool = False) -> int:
    """Bytes that a sample takes in a tar, headers and padding included."""
    sizes = {extension: len(content) for extension, content in _texts(sample, embedding).items()}
    sizes["mp4"] = sample.num_bytes
    return sum(
        BLOCK + len(_extension(f"{sample.key}.{extension}", size)) + size + -size % BLOCK
        for extension, size in sizes.items()
    )


def sizes_in_tar(
    samples: Samples, files: Iterable[Literal["metadata", "caption", "clip"]], size: Callable[[Sample], int]
) -> NDArray[np.int64]:
    """Bytes that n samples take in a tar, int64 [n].

    Args:
        samples: n samples.
        files: what is written of each.
        size: the same for one sample; it is asked only where headers have to be extended.
    """
    lengths = samples.lengths()
    found = np.zeros(len(samples), np.int64)
    for contents in (getattr(lengths, name) for name in files):
        found += BLOCK + contents + -contents % BLOCK
    odd = np.flatnonzero(~lengths.plain | (lengths.key + len(".json") > 100) | (lengths.clip > LARGEST))
    if len(odd):
        found[odd] = [size(sample) for sample in samples.take(odd)]
    return found


def headers(name: str, size: int) -> bytes:
    """What comes before a file's content: its USTAR header, after an extended one where that has no room.

    Args:
        name: ASCII of up to 100 characters needs no extended header.
        size: in bytes; up to `LARGEST` neither.
    """
    header = _ustar(name.encode("ascii", "replace")[:100], size if size <= LARGEST else 0)
    return _extension(name, size) + header


def _extension(name: str, size: int) -> bytes:
    records = b""
    if not name.isascii() or len(name) > 100:
        records += _record(b"path", name.encode())
    if size > LARGEST:
        records += _record(b"size", b"%d" % size)
    if not records:
        return b""
    return _ustar(b"././@PaxHeader", len(records), b"x") + records + bytes(-len(records) % BLOCK)


def _ustar(name: bytes, size: int, kind: bytes = b"0") -> bytes:
    start = name.ljust(100, b"\0") + OWNER + b"%011o\0" % size + TIME
    return start + b"%06o\0 " % (sum(start) + UNSUMMED + ord(kind)) + kind + REST


def _record(name: bytes, value: bytes) -> bytes:
    """A line of an extended header, which begins with its own length."""
    line = b" %b=%b\n" % (name, value)
    length = len(line)
    while length != len(b"%d" % length) + len(line):
        length = len(b"%d" % length) + len(line)
    return b"%d" % length + line


def _texts(sample: Sample, embedding: bool) -> dict[str, bytes]:
    """Contents of all files of a sample but the clip, by extension."""
    texts = {
        "json": ENCODE(sample.metadata).encode(),
        "txt": sample.caption.encode(),
    }
    if not embedding:
        return texts
    if sample.vector is None:
        raise MissingInput(
            f"clip {sample.key} has no embedding to pack. Run +experiment=split again with an embedder, or give "
            "sharder.embedding=false"
        )
    array = io.BytesIO()
    np.save(array, sample.vector.astype("<f4", copy=False))
    return texts | {"npy": array.getvalue()}
