"""The id of a video: its content decides, so that it stays the same wherever the file is and whatever it is called."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

from vidcurate.errors import MissingExtra, UnreadableVideo
from vidcurate.records import NAMESPACE
from vidcurate.store.mask import masked
from vidcurate.store.reach import located

BLOCK = 256 * 1024
"""Bytes of a sampled block."""

BLOCKS = 16
"""Sampled blocks: the first is the head of the file, the last its tail, the others lie evenly between."""


def video_id(path: str, *, full: bool = False) -> tuple[str, int]:
    """Name a video by its size and a hash of its bytes.

    Files of up to 4 MiB are hashed whole; of larger ones 16 blocks of 256 KiB are read. Two of these that differ only
    between the blocks get the same id; `full` tells them apart, and gives them other ids than they have without it.

    Args:
        path: a local path or a URL; of a URL only the blocks are transferred.
        full: hash every byte.

    Returns:
        The id, a version 5 UUID, and the size in bytes.

    Raises:
        UnreadableVideo: it is missing, empty, no file, or cannot be read.
    """
    try:
        size, digest = _hashed(path, full)
    except MissingExtra:  # of every such video
        raise
    except Exception as error:  # every file system has errors of its own
        why = str(error) or type(error).__name__
        raise UnreadableVideo(
            masked(f"{path}: cannot be read ({why}); check it, or take it out of the source")
        ) from error
    return str(uuid.uuid5(NAMESPACE, f"{size}:{digest}")), size


def _hashed(path: str, full: bool) -> tuple[int, str]:
    """Size in bytes, and SHA-256 of all bytes or of the sampled blocks."""
    fs, name = located(path)
    details = fs.info(name)
    size = details["size"]
    if details["type"] != "file" or not size:
        raise ValueError(f"a {details['type']} of {size} bytes")
    digest = hashlib.sha256()
    for start, end in _ranges(size, full):
        block = fs.cat_file(name, start=start, end=end)
        if len(block) != end - start:
            raise ValueError(f"bytes {start} to {end} were asked for, {len(block)} bytes came")
        digest.update(block)
    return size, digest.hexdigest()


def _ranges(size: int, full: bool) -> Iterator[tuple[int, int]]:
    """Rising ranges of bytes, half-open."""
    window = BLOCK * BLOCKS
    if full or size <= window:
        yield from ((start, min(start + window, size)) for start in range(0, size, window))
    else:
        starts = ((size - BLOCK) * block // (BLOCKS - 1) for block in range(BLOCKS))
        yield from ((start, start + BLOCK) for start in starts)
