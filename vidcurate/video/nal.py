"""What must be known of H.264's bytes to join two streams: units, parameter sets, and the header that lists them.

Source: ITU-T H.264 (03/2010), annex B and 7.3.1; ISO/IEC 14496-15, 5.2.4.1 (AVCDecoderConfigurationRecord).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

IDR, SPS, PPS = 5, 7, 8
"""Types of units: a slice of a picture that refers to none before it, and the two parameter sets."""

START = re.compile(rb"\x00\x00\x00?\x01")
"""What stands before every unit in a byte stream (annex B)."""


def is_refresh(codec: str, packet: object) -> bool:
    """Whether a key frame lets a decoder begin cleanly; of H.264 only an IDR picture does.

    Args:
        codec: FFmpeg's name.
        packet: its bytes.
    """
    data = bytes(packet)  # type: ignore[call-overload]  # packets are buffers
    return codec != "h264" or any(unit[0] & 31 == IDR for unit in units(data) if unit)


def units(data: bytes) -> Iterator[bytes]:
    """Units of a picture, whether start codes or four bytes of length stand before them."""
    if data[:3] == b"\x00\x00\x01" or data[:4] == b"\x00\x00\x00\x01":
        yield from (unit.rstrip(b"\x00") for unit in START.split(data)[1:])
        return
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def with_lengths(data: bytes) -> bytes:
    """The units of a picture with four bytes of length before each, parameter sets left out."""
    kept = (unit for unit in units(data) if unit and unit[0] & 31 not in (SPS, PPS))
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)


def joined_header(source: bytes, other: bytes) -> bytes | None:
    """A header that lists the parameter sets of two streams.

    Args:
        source: header (avcC) or byte stream of the first, whose profile and level are told.
        other: byte stream of the second; its sets have other ids.

    Returns:
        None where the source's header is of another form or its units have no four bytes of length.
    """
    ours = _sets(source)
    if ours is None:
        return None
    theirs = {kind: [unit for unit in units(other) if unit and unit[0] & 31 == kind] for kind in (SPS, PPS)}
    sequence, picture = ours[SPS] + theirs[SPS], ours[PPS] + theirs[PPS]
    head = bytes([1, *ours[SPS][0][1:4], 0xFC | 3, 0xE0 | len(sequence)])
    return head + b"".join(_sized(sequence)) + bytes([len(picture)]) + b"".join(_sized(picture)) + _trailer(source)


def _sized(sets: list[bytes]) -> Iterator[bytes]:
    return (len(unit).to_bytes(2, "big") + unit for unit in sets)


def _sets(header: bytes) -> dict[int, list[bytes]] | None:
    if header[:3] == b"\x00\x00\x01" or header[:4] == b"\x00\x00\x00\x01":
        found = {kind: [unit for unit in units(header) if unit and unit[0] & 31 == kind] for kind in (SPS, PPS)}
        return found if all(found.values()) else None
    if len(header) < 7 or header[0] != 1 or header[4] & 3 != 3:
        return None
    found, _ = _listed(header)
    return found if all(found.values()) else None


def _listed(header: bytes) -> tuple[dict[int, list[bytes]], int]:
    """Parameter sets of an avcC, and where they end."""
    at = 6
    found: dict[int, list[bytes]] = {}
    for kind, count in ((SPS, header[5] & 31), (PPS, None)):
        if count is None:
            count, at = header[at], at + 1
        found[kind] = []
        for _ in range(count):
            size = int.from_bytes(header[at : at + 2], "big")
            found[kind].append(header[at + 2 : at + 2 + size])
            at += 2 + size
    return found, at


def _trailer(header: bytes) -> bytes:
    """What a High profile's header ends with: chroma format and bit depths."""
    return header[_listed(header)[1] :] if header[0] == 1 else b""
