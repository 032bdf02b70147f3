"""The id of a video: its content decides, so that it stays the same wherever the file is and whatever it is called."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

from vidcurate.errors import UnreadableVideo
from vidcurate.records import NAMESPACE
from vidcurate.source.place import located

BLOCK = 256 * 1024
"""Bytes of a sampled block."""

BLOCKS = 16
"""Sampled blocks: the first is the head of the file, the last its tail, the others lie evenly between."""


def video_id(path: str, *, full: bool = False) -> tuple[str, int]:
    """Name a video by its size and a hash of its bytes.

    Files of up to 4 MiB are hashed whole; larger ones by 16 blocks of 256 KiB, so that naming a terabyte takes minutes.
    Two files that differ only between the blocks get the same name: `full` tells them apart, and gives the larger
    files other names than the sampled ones.

    Args:
        path: a local path or a URL; of a URL only the blocks are transferred.
        full: hash every byte.

    Returns:
        The id, a version 5 UUID, and the size in bytes.

    Raises:
        UnreadableVideo: it is missing, empty, no file, or cannot be read.
    """
    try:
        fs, name = located(path)
        details = fs.info(name)
    except Exception as error:  # file systems have errors of their own
        raise _unreadable(path, str(error) or type(error).__name__) from error
    size = details["size"]
    if details["type"] != "file" or not size:
        raise _unreadable(path, f"a {details['type']} of {size} bytes")
    digest = hashlib.sha256()
    for start, end in _ranges(size, full):
        try:
            block = fs.cat_file(name, start=start, end=end)
        except Exception as error:  # as above
            raise _unreadable(path, str(error) or type(error).__name__) from error
        if len(block) != end - start:
            raise _unreadable(path, f"asked for bytes {start} to {end}, got {len(block)} bytes")
        digest.update(block)
    return str(uuid.uuid5(NAMESPACE, f"{size}:{digest.hexdigest()}")), size


def _ranges(size: int, full: bool) -> Iterator[tuple[int, int]]:
    """Rising ranges of bytes, half-open."""
    window = BLOCK * BLOCKS
    if full or size <= window:
        yield from ((start, min(start + window, size)) for start in range(0, size, window))
    else:
        starts = ((size - BLOCK) * block // (BLOCKS - 1) for block in range(BLOCKS))
        yield from ((start, start + BLOCK) for start in starts)


def _unreadable(path: str, why: str) -> UnreadableVideo:
    return UnreadableVideo(f"{path}: cannot be read ({why}); check that it is there, or take it out of the source")
