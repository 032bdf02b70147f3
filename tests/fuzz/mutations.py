"""How a sound file is broken: bits flipped, bytes replaced, ends cut off, blocks lost, repeated or swapped."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Numbers at which sizes and counts go wrong."""
HEAD = 512
"""Bytes of the head and of the tail, where headers and indices lie, that are hit as often as all the rest."""


@st.composite
def broken(draw: st.DrawFn, sound: bytes) -> bytes:
    """A file with one to six faults."""
    data = bytearray(sound)
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        kind = draw(st.sampled_from(("bit", "number", "cut", "lose", "repeat", "zero")))
        at, length = draw(places(len(data))), draw(st.integers(1, 64))
        if kind == "bit":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "number":
            order = draw(st.sampled_from("<>"))
            data[at : at + 4] = struct.pack(f"{order}I", draw(st.sampled_from(INTERESTING)))
        elif kind == "cut":
            del data[at:]
        elif kind == "lose":
            del data[at : at + length]
        elif kind == "repeat":
            data[at:at] = data[at : at + length]
        else:
            data[at : at + length] = bytes(len(data[at : at + length]))
    return bytes(data)


def places(size: int) -> st.SearchStrategy[int]:
    """Where a file of a size is hit."""
    last = max(0, size - 1)
    near = st.integers(0, min(HEAD, last))
    return st.one_of(near, near.map(lambda at: last - at), st.integers(0, last))
