"""How the scores of clips are spread: a histogram per score, in two parts: clips that the filter keeps and drops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

BARS = 32
"""Bars of a histogram."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """The distribution of one score over clips.

    Attributes:
        filter: whose score it is.
        score: its name.
        low: left border.
        high: right border.
        median: of all values.
        kept: heights of equally wide bars, clips that the filter keeps; 1 is the highest bar.
        dropped: heights of clips that it drops, which stand on the former.
        count: clips.
        num_dropped: clips that it drops.
    """

    filter: str
    score: str
    low: float
    high: float
    median: float
    kept: tuple[float, ...]
    dropped: tuple[float, ...]
    count: int
    num_dropped: int

    @property
    def name(self) -> str:
        """Filter and score, in one word where they are the same."""
        return self.filter if self.filter == self.score else f"{self.filter}.{self.score}"


def histograms(scores: pa.Table) -> list[Histogram]:
    """One histogram per score, sorted by filter."""
    groups = scores.group_by(["filter", "score"]).aggregate([([], "count_all")])
    found = []
    for row in groups.sort_by([("filter", "ascending"), ("score", "ascending")]).to_pylist():
        same = pc.and_(pc.equal(scores["filter"], row["filter"]), pc.equal(scores["score"], row["score"]))
        chosen = scores.filter(pc.and_(same, pc.is_finite(scores["value"])))
        if chosen.num_rows:
            names = row["filter"], row["score"]
            found.append(_histogram(*names, chosen["value"].to_numpy(), chosen["kept"].to_numpy()))
    return found


def _histogram(filter_: str, score: str, values: NDArray[np.float64], kept: NDArray[np.bool_]) -> Histogram:
    low, high = float(values.min()), float(values.max())
    counts = [np.histogram(part, bins=BARS, range=(low, high))[0] for part in (values[kept], values[~kept])]
    top = max(1, int((counts[0] + counts[1]).max()))
    heights = [tuple(float(count) for count in part / top) for part in counts]
    return Histogram(
        filter=filter_,
        score=score,
        low=low,
        high=high,
        median=float(np.median(values)),
        kept=heights[0],
        dropped=heights[1],
        count=len(values),
        num_dropped=int((~kept).sum()),
    )
