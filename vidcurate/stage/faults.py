"""What can be wrong with rows of embeddings, in words: one message for all of them, or a record of what goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.table import DROPPED

EXAMPLES = 3
"""How many ids or files a message names."""


class Fault(IntEnum):
    """Why a row cannot be used; the lower-case name is the word in DROPPED."""

    NONE = 0
    NO_ID = 1
    NO_EMBEDDING = 2
    MISSING_NUMBERS = 3
    LENGTH = 4
    NOT_FINITE = 5
    ZERO = 6
    REPEATED_ID = 7  # the vector is that of the row that stays
    CONFLICTING_ID = 8  # it is another


WORDS = {
    Fault.NO_ID: "rows have no id",
    Fault.NO_EMBEDDING: "rows have no embedding",
    Fault.MISSING_NUMBERS: "vectors miss numbers",
    Fault.NOT_FINITE: "vectors are NaN or infinite",
    Fault.ZERO: "vectors are zero",
}


def dropped_table(faults: NDArray[np.int8], ids: pa.ChunkedArray, files: Sequence[tuple[str, int]]) -> pa.Table:
    """DROPPED: the rows with a fault, in order.

    Args:
        faults: int8 [n], a `Fault` each.
        ids: string [n].
        files: path and number of rows of each file, in the order of the rows.
    """
    rows = np.flatnonzero(faults)
    ends = np.cumsum([count for _, count in files])
    paths = [files[index][0] for index in np.searchsorted(ends, rows, side="right")]
    reasons = [Fault(code).name.lower() for code in faults[rows]]
    return pa.table([ids.take(pa.array(rows)), pa.array(paths, pa.string()), reasons], schema=DROPPED)


def row_problems(faults: NDArray[np.int8], dropped: pa.Table, lengths: Counter[int], twice: Sequence[str]) -> list[str]:
    """A sentence for each kind of fault, with its count and a few ids, or files where there is no id.

    Args:
        faults: int8 [n], a `Fault` each.
        dropped: DROPPED of these rows.
        lengths: how many vectors have which length.
        twice: ids that occur more than once.
    """
    problems = []
    for fault, words in WORDS.items():
        if count := np.count_nonzero(faults == fault):
            rows = dropped.filter(pc.equal(dropped["reason"], fault.name.lower()))
            named = rows["file" if fault == Fault.NO_ID else "id"].drop_null().unique().to_pylist()
            problems.append(f"{count} of {len(faults)} {words}: {examples(named)}")
    if len(lengths) > 1:
        found = ", ".join(f"{count} of length {length}" for length, count in lengths.most_common())
        odd = dropped.filter(pc.equal(dropped["reason"], Fault.LENGTH.name.lower()))["id"].drop_null().to_pylist()
        problems.append(f"vectors of different lengths: {found}: {examples(odd)}; give each embedder a folder")
    if twice:
        problems.append(f"{len(twice)} ids occur more than once: {examples(twice)}; each clip has one vector")
    return problems


def file_problems(found: Mapping[str, Sequence[str]]) -> list[str]:
    """A sentence for each fault of whole files.

    Args:
        found: paths by fault.
    """
    return [f"{', '.join(paths[:EXAMPLES])}{_more(paths)}: {fault}" for fault, paths in found.items()]


def counted(dropped: pa.Table) -> dict[str, int]:
    """Rows of DROPPED by reason."""
    return dict(sorted(Counter(dropped["reason"].to_pylist()).items()))


def examples(names: Iterable[str]) -> str:
    """The first few names, sorted and quoted."""
    shown = sorted(names)
    return ", ".join(map(repr, shown[:EXAMPLES])) + (", ..." if len(shown) > EXAMPLES else "")


def _more(paths: Sequence[str]) -> str:
    return f" and {len(paths) - EXAMPLES} more files" if len(paths) > EXAMPLES else ""
