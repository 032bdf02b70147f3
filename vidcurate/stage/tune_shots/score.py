"""How well the transitions that a splitter has found agree with those that there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vidcurate.records import Shot

TOLERANCE = 2
"""Frames by which a transition may be missed."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What lies between two shots, by two frame indices: of a cut, the last of one shot and the first of the next."""

    first: int
    last: int
    kind: str = ""

    def touches(self, other: Transition) -> bool:
        """Whether another is within the tolerance."""
        return self.first <= other.last + TOLERANCE and other.first <= self.last + TOLERANCE


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of transitions: how many there are, how many of them were found, how many were found elsewhere."""

    true: int
    hits: int
    false: int

    @property
    def precision(self) -> float:
        """Share of the alarms that are right; 0 where there was none."""
        return self.hits / max(self.hits + self.false, 1)

    @property
    def recall(self) -> float:
        """Share of the transitions that were found."""
        return self.hits / max(self.true, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return 2 * self.hits / max(self.true + self.hits + self.false, 1)


@dataclass(frozen=True, slots=True)
class Match:
    """What a splitter has found in one video, held against what there is."""

    truths: tuple[Transition, ...]
    found: tuple[Transition, ...]


def transitions(shots: Iterable[Shot]) -> tuple[Transition, ...]:
    """What lies between neighbouring shots."""
    return tuple(Transition(left.end - 1, right.start) for left, right in pairwise(shots))


def pairs(truths: Sequence[Transition], found: Sequence[Transition]) -> list[tuple[Transition, Transition]]:
    """Truths that were found, each with an alarm of its own; as many as can be.

    Args:
        truths: rising and disjoint.
        found: likewise.
    """
    matched, alarms = [], iter(found)
    alarm = next(alarms, None)
    for truth in truths:
        while alarm is not None and alarm.last < truth.first - TOLERANCE:
            alarm = next(alarms, None)
        if alarm is not None and alarm.first <= truth.last + TOLERANCE:
            matched.append((truth, alarm))
            alarm = next(alarms, None)
    return matched


def hits(truths: Sequence[Transition], found: Sequence[Transition]) -> list[Transition]:
    """Truths that were found; as `pairs`."""
    return [truth for truth, _ in pairs(truths, found)]


def false_alarms(truths: Sequence[Transition], found: Sequence[Transition]) -> list[Transition]:
    """What was found and is the alarm of no truth."""
    right = {alarm for _, alarm in pairs(truths, found)}
    return [alarm for alarm in found if alarm not in right]


def scores(matches: Iterable[Match]) -> dict[str, Score]:
    """Score of every kind of transition, by name, and of `all`.

    An alarm has no kind, so every kind is charged with all false ones: its precision is a lower bound.
    """
    true: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    false = 0
    for match in matches:
        right = hits(match.truths, match.found)
        true.update(truth.kind for truth in match.truths)
        hit.update(truth.kind for truth in right)
        false += len(match.found) - len(right)
    kinds = {kind: Score(true[kind], hit[kind], false) for kind in sorted(true)}
    return kinds | {"all": Score(true.total(), hit.total(), false)}


def lots(match: Match) -> list[Score]:
    """The score of each stretch of a video that holds one transition, from half-way to the one before to half-way on.

    Their sum is the score of the video; an interval draws them anew.
    """
    right = set(hits(match.truths, match.found))
    borders = [(left.last + after.first) // 2 for left, after in pairwise(match.truths)]
    false: Counter[int] = Counter()
    for alarm in false_alarms(match.truths, match.found):
        false[sum(alarm.first > border for border in borders)] += 1
    if not match.truths:
        return [Score(0, 0, len(match.found))]
    return [Score(1, int(truth in right), false[number]) for number, truth in enumerate(match.truths)]
