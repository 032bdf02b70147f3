"""Where a filter draws the line: at a number, or at a percentile of what all clips of the dataset score.

`p20` is the 20th percentile: of n scores s[0] <= ... <= s[n - 1] it is the value at position .2 (n - 1), and between
two scores it is interpolated linearly (type 7 of Hyndman and Fan 1996; the default of numpy, pandas and R). A score
on the line is kept. All clips count, those too that another bound drops, so that the order of the filters is no matter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast

import numpy as np
import pydantic

if TYPE_CHECKING:
    from vidcurate.filter.base import Filter

PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d+)?)")

Checked = TypeVar("Checked", bound="Filter")


def _within(least: float, most: float) -> pydantic.BeforeValidator:
    """Let through numbers of a range and percentiles, and name both where it is something else."""
    if most < float("inf"):
        numbers = f"a number from {least:g} to {most:g}"
    else:
        numbers = f"a number, {least:g} or more" if least > float("-inf") else "a number"

    def checked(value: object) -> object:
        if isinstance(value, str):
            found = PERCENTILE.fullmatch(value.strip())
            if found and float(found[1]) <= 100:
                return f"p{float(found[1]):.10g}"
            value = _number(value)
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and math.isfinite(value)
            and least <= value <= most
        ):
            return float(value)
        raise ValueError(f"expected {numbers}, or a percentile of all clips, p0 to p100")

    return pydantic.BeforeValidator(checked)


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return None


Bound01 = Annotated[float | str, _within(0, 1)]
"""A number from 0 to 1, or `p0` to `p100`."""
BoundAbove0 = Annotated[float | str, _within(0, float("inf"))]
"""A number, 0 or more, or `p0` to `p100`."""
BoundAny = Annotated[float | str, _within(float("-inf"), float("inf"))]
"""Any number, or `p0` to `p100`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one bound of a filter does.

    Attributes:
        key: the setting that holds the bound.
        score: the score that is compared with it.
        drops: clips `below` it or `above` it.
        reason: why they are dropped, in one word.
    """

    key: str
    score: str
    drops: Literal["below", "above"]
    reason: str

    def exceeded(self, bound: float | str | None, scores: Mapping[str, float]) -> bool:
        """Whether a clip with these scores is dropped; one that has no such score is not.

        Raises:
            ValueError: the bound is a percentile, which `drawn` makes a number of.
        """
        if bound is None:
            return False
        if isinstance(bound, str):
            raise ValueError(f"{self.key}={bound} is a percentile of all clips; `drawn` makes a number of it")
        score = scores.get(self.score)
        if score is None:
            return False
        return score < bound if self.drops == "below" else score > bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A bound and the number that it came to.

    Attributes:
        filter: whose bound.
        key: the setting that holds it.
        given: as it was given, e.g. `p20`.
        value: the number; None for a percentile of no clips.
    """

    filter: str
    key: str
    given: str
    value: float | None


def drawn(entry: Checked, scores: Mapping[str, Sequence[float]]) -> tuple[Checked, list[Drawn]]:
    """A filter whose percentiles have become numbers.

    Args:
        entry: the filter.
        scores: of all clips of the dataset, by the name of the score.

    Returns:
        The filter, and every bound that is set with the number it came to. A percentile of no clips bounds nothing.
    """
    found = list(_drawn(entry, scores))
    numbers = {line.key: line.value for line in found}
    return (replace(cast("Any", entry), **numbers) if numbers else entry), found  # components are dataclasses


def _drawn(entry: Filter, scores: Mapping[str, Sequence[float]]) -> Iterator[Drawn]:
    for limit in entry.limits:
        bound = getattr(entry, limit.key)
        if bound is not None:
            value = _value(bound, scores.get(limit.score, ())) if isinstance(bound, str) else bound
            yield Drawn(filter=entry.name, key=limit.key, given=_text(bound), value=value)


def _value(percentile: str, scores: Sequence[float]) -> float | None:
    return float(np.percentile(np.asarray(scores, np.float64), float(percentile[1:]))) if len(scores) else None


def _text(bound: float | str) -> str:
    return bound if isinstance(bound, str) else f"{bound:.10g}"
