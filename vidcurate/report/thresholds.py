"""What a browser needs to move the bounds of filters and say, to the clip, what Python would keep.

A clip passes if no bound is exceeded and nothing else has dropped it. Scores travel to the bit, so that a comparison in
JavaScript is the comparison in Python.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.filter.base import Filter
from vidcurate.filter.bound import Limit
from vidcurate.report.dataset import Dataset
from vidcurate.stage.review.heed import kept_by_word

log = logging.getLogger(__name__)

VALUES = 300_000
"""Scores of all clips together up to which they travel, 4 MB; 50,000 clips of six scores."""

Name = tuple[str, str]
"""Filter and score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """A bound that can be moved.

    Attributes:
        filter: whose it is.
        limit: what it does.
        given: as the config has it; None where it is not set.
        value: the number that it came to; None where it bounds nothing.
    """

    filter: str
    limit: Limit
    given: str | None
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thresholds:
    """The bounds, and what is held against them.

    Attributes:
        sliders: in the order in which they are asked.
        scores: float64 [n] of the n clips of CLIPS, by filter and score; NaN where a clip has none.
        fixed: rows of clips that no bound brings back, by the filter that drops them; "" is none of them.
        spoken: rows of clips that a person keeps, whatever bounds say.
    """

    sliders: tuple[Slider, ...]
    scores: Mapping[Name, NDArray[np.float64]]
    fixed: Mapping[str, NDArray[np.uint32]]
    spoken: NDArray[np.uint32]


def thresholds(dataset: Dataset, filters: Sequence[Filter]) -> Thresholds | None:
    """What there is to move; None where nothing is, where it is too much, or where it is not what judged the clips.

    Args:
        dataset: its tables.
        filters: that have judged them.
    """
    bounds = {(row["filter"], row["key"]): row for row in dataset.bounds.to_pylist()}
    known = {(row["filter"], row["score"]) for row in _names(dataset.scores)}
    sliders = tuple(
        Slider(filter=entry.name, limit=limit, given=bound.get("given"), value=bound.get("value"))
        for entry in filters
        for limit in entry.limits
        if (entry.name, limit.score) in known
        for bound in [bounds.get((entry.name, limit.key), {})]
    )
    wanted = {(slider.filter, slider.limit.score) for slider in sliders}
    if not wanted or len(known) * dataset.clips.num_rows > VALUES:
        return None
    scores = {name: _scores(dataset, name) for name in sorted(known)}
    fixed = {entry.name: _fixed(entry, scores) for entry in filters}
    beyond = np.zeros(dataset.clips.num_rows, np.bool_)
    for slider in sliders:
        beyond |= exceeded(slider.limit, slider.value, scores[slider.filter, slider.limit.score])
    for rows in fixed.values():
        beyond[rows] = True
    kept = np.asarray(dataset.clips["kept"].to_numpy())
    word = pc.is_in(dataset.clips["clip_id"], value_set=kept_by_word(dataset.decisions)).to_numpy()
    beyond &= ~(word & kept)
    if (kept & beyond).any():
        log.info("report: scores have no sliders: run.json does not tell the filters that have judged the clips")
        return None
    fixed[""] = np.flatnonzero(~kept & ~beyond).astype(np.uint32)
    return Thresholds(
        sliders=sliders,
        scores={name: scores[name] for name in sorted(wanted)},
        fixed={name: rows for name, rows in fixed.items() if len(rows)},
        spoken=np.flatnonzero(word & kept).astype(np.uint32),
    )


def exceeded(limit: Limit, bound: float | None, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which clips are beyond a bound: `Limit.exceeded` of many; NaN, a score that is not there, never is."""
    if bound is None:
        return np.zeros(len(scores), np.bool_)
    return np.asarray(scores < bound if limit.drops == "below" else scores > bound)


def _names(scores: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scores.group_by(["filter", "score"]).aggregate([]).to_pylist()
    return found


def _scores(dataset: Dataset, name: Name) -> NDArray[np.float64]:
    table = dataset.scores
    rows = table.filter(pc.and_(pc.equal(table["filter"], name[0]), pc.equal(table["score"], name[1])))
    at = pc.index_in(dataset.clips["clip_id"], value_set=rows["clip_id"])
    return np.asarray(pc.fill_null(rows["value"].take(at), float("nan")).to_numpy())


def _fixed(entry: Filter, scores: Mapping[Name, NDArray[np.float64]]) -> NDArray[np.uint32]:
    """Rows of clips that a filter drops though none of its bounds is set, as by a codec."""
    if type(entry).reason is Filter.reason:
        return np.empty(0, np.uint32)
    unbound = cast("Filter", replace(cast("Any", entry), **{limit.key: None for limit in entry.limits}))
    own = {name[1]: values for name, values in scores.items() if name[0] == entry.name}
    rows = zip(*(values.tolist() for values in own.values()), strict=True)
    told = ({name: value for name, value in zip(own, row, strict=True) if value == value} for row in rows)
    return np.array([row for row, found in enumerate(told) if unbound.reason(found)], np.uint32)
