"""The index by which NVIDIA DALI's `fn.readers.webdataset` finds the files of a tar without reading it.

Source: version 1.2 of the format, as tools/wds2idx.py of https://github.com/NVIDIA/DALI writes and
dali/operators/reader/loader/webdataset_loader.cc reads it: the number of samples, then a line for each with the
extension, the offset, the size and the name of its files. Names must not have white space there; if one has, version
1.1 is written, which is the same without names.
"""

from __future__ import annotations

from collections.abc import Sequence

from vidcurate.sharder.tar import Entry


def dali_index(entries: Sequence[Entry]) -> bytes:
    """The index of a tar.

    Args:
        entries: its samples, in their order; one at least, since DALI refuses an empty index.
    """
    named = not any(character.isspace() for entry in entries for character in entry.key)
    lines = [f"v1.{2 if named else 1} {len(entries)}"]
    for entry in entries:
        words = [
            f"{member.extension} {member.offset} {member.size}" + f" {entry.key}.{member.extension}" * named
            for member in entry.members
        ]
        lines.append(" ".join(words))
    return "".join(f"{line}\n" for line in lines).encode()
