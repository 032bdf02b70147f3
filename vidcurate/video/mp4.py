"""The one thing that FFmpeg's MP4 writer cannot be told: where the picture ends before its last frame does.

Source: ISO/IEC 14496-12, 8.6.6 (edit list), 8.2.2 and 8.3.2 (durations in the movie's clock).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

Box = tuple[bytes, int, int]
"""Kind, and where its contents begin and end."""


def end_edit(path: Path, duration: int) -> None:
    """Let the picture of a finished file end after so many ticks of its movie's clock.

    Args:
        path: an MP4 file whose first track is the video, its index before its frames.
        duration: from the first frame that is shown.

    Raises:
        ValueError: the file is not built like that.
    """
    with path.open("r+b") as file:
        head = bytearray(file.read(16))
        size = next((end for kind, _, end in _boxes(head, 0, len(head)) if kind == b"ftyp"), 0)
        file.seek(size)
        length = int.from_bytes(file.read(4), "big")
        file.seek(size)
        index = bytearray(file.read(length))
        for at in _places(index):
            index[at : at + 4] = duration.to_bytes(4, "big")
        file.seek(size)
        file.write(index)


def _places(index: bytearray) -> Iterator[int]:
    """Where the lengths of the video's track and of its last edit stand."""
    (_, start, end) = _inside(index, 0, len(index), b"moov")
    (_, start, end) = _inside(index, start, end, b"trak")
    (_, header, _) = _inside(index, start, end, b"tkhd")
    (_, edits, _) = _inside(index, *_inside(index, start, end, b"edts")[1:], b"elst")
    if index[header] or index[edits]:
        raise ValueError("lengths of 64 bits")
    yield header + 20
    yield edits + 8 + 12 * (int.from_bytes(index[edits + 4 : edits + 8], "big") - 1)


def _inside(data: bytearray, start: int, end: int, kind: bytes) -> Box:
    found = next((box for box in _boxes(data, start, end) if box[0] == kind), None)
    if found is None:
        raise ValueError(f"no {kind.decode()} box")
    return found


def _boxes(data: bytearray, start: int, end: int) -> Iterator[Box]:
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8:
            raise ValueError(f"a box of {size} bytes")
        yield bytes(data[start + 4 : start + 8]), start + 8, start + size
        start += size
