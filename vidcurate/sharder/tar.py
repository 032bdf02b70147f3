"""One tar of samples whose bytes depend on the samples alone, hashed while it is written.

A sample is `{key}.json` (metadata), `{key}.txt` (caption) and `{key}.mp4`, side by side in that order, so that a
streaming reader can decide on a clip before its bytes come. The .txt is there even when it is empty: a sample that
lacks a file is an error to `to_tuple("mp4", "txt")`.

Source: the format that https://github.com/webdataset/webdataset 1.0 reads; PAX headers appear only where USTAR has no
room.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vidcurate.errors import MissingInput, VidcurateError
from vidcurate.sharder.base import Sample
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from typing_extensions import Buffer


CLOSING = 2 * tarfile.BLOCKSIZE
"""Bytes of the two empty blocks that end a tar."""


def write_tar(store: Store, samples: Iterable[Sample], path: Path) -> str:
    """Write samples to a tar, one clip after the other, without holding any in memory.

    Args:
        store: holds the clips.
        samples: in the order in which they shall be read.
        path: the local file to write.

    Returns:
        SHA-256 of the file, hexadecimal.

    Raises:
        MissingInput: a clip's file is gone.
        VidcurateError: a clip's file is not as large as the tables say.
    """
    with path.open("wb") as file:
        sink = _Hashing(file)
        with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for sample in samples:
                for suffix, data in (("json", _json(sample)), ("txt", sample.caption.encode())):
                    tar.addfile(_member(f"{sample.key}.{suffix}", len(data)), io.BytesIO(data))
                _add_media(tar, store, sample)
    return sink.sha256.hexdigest()


def member_bytes(sample: Sample) -> int:
    """Bytes that a sample takes in a tar, headers and padding included."""
    sizes = (len(_json(sample)), len(sample.caption.encode()), sample.num_bytes)
    return sum(tarfile.BLOCKSIZE + _padded(size, tarfile.BLOCKSIZE) for size in sizes)


def _padded(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def _json(sample: Sample) -> bytes:
    return json.dumps(sample.metadata, sort_keys=True, ensure_ascii=False).encode()


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)  # mode 0644, time 0, owner 0 without a name
    member.size = size
    return member


def _add_media(tar: tarfile.TarFile, store: Store, sample: Sample) -> None:
    where = store.path(sample.media)
    try:
        media = store.fs.open(where, "rb")
    except FileNotFoundError as error:
        raise MissingInput(
            f"{where} is in the tables but not in the dataset. Remove the record of its video from processed_videos/ "
            "and run +experiment=split again"
        ) from error
    with media:
        size = media.seek(0, io.SEEK_END)
        media.seek(0)
        if size != sample.num_bytes:
            raise VidcurateError(
                f"{where} has {size} bytes, but the tables say {sample.num_bytes}: it was changed after split"
            )
        tar.addfile(_member(f"{sample.key}.mp4", size), media)


class _Hashing(io.RawIOBase):
    """A file that hashes what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()

    def tell(self) -> int:
        return self.file.tell()

    def write(self, data: Buffer) -> int:
        self.sha256.update(data)
        return self.file.write(data)
