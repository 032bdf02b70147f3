"""Whether the index that NVIDIA DALI opens a tar by says where the files of its samples lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from vidcurate.stage.verify.tar import Packed

WORDS = {"v1.1": 3, "v1.2": 4}
"""Words of a file by the version of the format: extension, offset and size, then its name."""


def index_faults(name: str, path: Path, samples: Sequence[Packed]) -> Iterator[str | None]:
    """Line i, after that of the version and the number of samples, must be of sample i.

    Args:
        name: of the index, for messages.
        path: of the local file.
        samples: of the tar, in its order.
    """
    head, *lines = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    version, _, count = head.partition(" ")
    if version not in WORDS or count != str(len(samples)):
        yield f"{name} begins with {head!r}, expected a version of {', '.join(WORDS)} and {len(samples)} samples"
        return
    for number, (line, sample) in enumerate(zip_longest(lines, samples)):
        wanted = None if sample is None else _line(sample, WORDS[version])
        yield None if line == wanted else f"{name}, sample {number}: {line!r}, the tar has {wanted!r}"


def _line(sample: Packed, words: int) -> str:
    files = ((member.suffix, str(member.offset), str(member.size), member.name) for member in sample.members)
    return " ".join(word for file in files for word in file[:words])
