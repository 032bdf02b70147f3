"""Proof that something is gone: every file of a dataset is searched for ids and for bytes of media.

Names of files; contents, byte by byte; strings and binary values of parquet files, which are compressed; members of
tars; and pictures inside HTML.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.store.files import Store
from vidcurate.store.lease import FOLDER as LEASE

CHUNK = 2**22
"""Bytes that are searched at once."""
UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UUID_LENGTH, HYPHENS, HYPHEN = 36, (8, 13, 18, 23), ord("-")
PICTURE = re.compile(rb"base64,([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search has seen.

    Attributes:
        files: that were searched.
        num_bytes: of them.
        found: one sentence per find.
    """

    files: int
    num_bytes: int
    found: tuple[str, ...]


def search(store: Store, ids: Collection[str], media: Mapping[str, int], keys: Sequence[str]) -> Search:
    """Look for what must not be there.

    Args:
        store: the dataset.
        ids: names of clips and videos.
        media: SHA-256 of files, hexadecimal, and their sizes in bytes.
        keys: of the files to be searched.
    """
    wanted = _Wanted(frozenset(name.encode() for name in ids), media)
    found: list[str] = []
    size = 0
    for key in keys:
        found += [f"the name {key}" for _ in wanted.named(key.encode())]
        with store.fs.open(store.path(key), "rb") as file:
            size += int(file.seek(0, 2))
            found += [f"{what} in {key}" for what in dict.fromkeys(wanted.within(key, file))]
    return Search(files=len(keys), num_bytes=size, found=tuple(found))


def everything(store: Store, but: Collection[str] = ()) -> list[str]:
    """Keys of all files of a dataset, hidden ones and commit records among them, sorted; without the run's lease."""
    names = store.fs.find(store.root) if store.fs.exists(store.root) else []
    keys = (name[len(store.root) + 1 :] for name in names)
    return sorted(key for key in keys if key not in but and not key.startswith(f"{LEASE}/"))


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of a file, piece by piece."""
    while chunk := file.read(CHUNK):
        yield chunk


class _Wanted:
    """Ids and media, and how to tell them in the files of each kind."""

    def __init__(self, ids: frozenset[bytes], media: Mapping[str, int]) -> None:
        self.ids, self.media, self.sizes = ids, media, frozenset(media.values())
        other = sorted(name for name in ids if not UUID.fullmatch(name))
        self.other = re.compile(b"|".join(map(re.escape, other))) if other else None
        self.overlap = max(map(len, ids), default=0)

    def named(self, data: bytes) -> Iterator[str]:
        """Ids that occur in bytes; UUIDs are found by their hyphens, so that their number costs nothing."""
        places = len(data) - UUID_LENGTH + 1
        if places > 0:
            letters = np.frombuffer(data, np.uint8)
            shaped = letters[HYPHENS[0] : HYPHENS[0] + places] == HYPHEN
            for hyphen in HYPHENS[1:]:
                shaped &= letters[hyphen : hyphen + places] == HYPHEN
            names = (data[at : at + UUID_LENGTH] for at in np.flatnonzero(shaped).tolist())
            yield from (name.decode() for name in names if name in self.ids)
        if self.other is not None:
            yield from (name.decode() for name in self.other.findall(data))

    def within(self, key: str, file: IO[bytes]) -> Iterator[str]:
        """Finds in the contents of a file."""
        size = file.seek(0, 2)
        if size in self.sizes:
            file.seek(0)
            yield from self.shown(chunks(file))
        yield from self.raw(file)
        file.seek(0)
        if key.endswith(".parquet"):
            yield from self.table(pq.ParquetFile(file))
        elif key.endswith(".tar"):
            yield from self.members(file)
        elif key.endswith(".html"):
            for picture in PICTURE.findall(file.read()):
                yield from self.shown([base64.b64decode(picture)])

    def raw(self, file: IO[bytes]) -> Iterator[str]:
        file.seek(0)
        before = b""
        while chunk := file.read(CHUNK):
            yield from self.named(before + chunk)
            before = chunk[-self.overlap :]

    def shown(self, parts: Iterable[bytes]) -> Iterator[str]:
        """Whether bytes, part by part, are those of media."""
        digest = hashlib.sha256()
        for chunk in parts:
            digest.update(chunk)
        if digest.hexdigest() in self.media:
            yield f"media of SHA-256 {digest.hexdigest()}"

    def members(self, file: IO[bytes]) -> Iterator[str]:
        with tarfile.open(fileobj=file) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.size in self.sizes else None
                if content is not None:
                    yield from self.shown(chunks(content))

    def table(self, file: pq.ParquetFile) -> Iterator[str]:
        for rows in file.iter_batches(batch_size=1024):
            for array in (leaf for column in rows.columns for leaf in _leaves(column)):
                if array.buffers()[2] is not None:
                    yield from self.named(array.buffers()[2].to_pybytes())
                if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
                    values = (value.as_py() for value in array if value.is_valid)
                    for value in values:
                        if len(value) in self.sizes:
                            yield from self.shown([value])


def _leaves(array: pa.Array) -> Iterator[pa.Array]:
    """Arrays of strings and bytes, however deep they lie."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        yield from _leaves(array.dictionary)
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            yield from _leaves(array.field(number))
    elif pa.types.is_map(kind):
        yield from _leaves(array.keys)
        yield from _leaves(array.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _leaves(array.flatten())
    elif (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    ):
        yield array
