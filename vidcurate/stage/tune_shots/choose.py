"""Thresholds are set on some reels and judged on others, and what is chosen must be better there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vidcurate.splitter.base import Splitter
from vidcurate.splitter.tape import Tape
from vidcurate.stage.intervals import Rate, bootstrap
from vidcurate.stage.tune_shots.grid import FAMILIES, tuned
from vidcurate.stage.tune_shots.reels import Reel
from vidcurate.stage.tune_shots.score import Match, Score, Transition, false_alarms, lots, scores, transitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A reel, what splitters see of it, and what it is not asked for.

    Attributes:
        reel: with its labels.
        tape: of it.
        doubtful: where most splitters see a transition that nobody has made: most likely one of the videos themselves.
    """

    reel: Reel
    tape: Tape
    doubtful: tuple[Transition, ...] = ()

    def match(self, splitter: Splitter) -> Match:
        """What a splitter finds, but for what is doubtful."""
        found = transitions(self.tape.shots(splitter))
        excused = {
            alarm
            for alarm in false_alarms(self.reel.truths, found)
            if any(alarm.touches(doubt) for doubt in self.doubtful)
        }
        return Match(self.reel.truths, tuple(alarm for alarm in found if alarm not in excused))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One splitter, as it is and as it was tuned.

    Attributes:
        splitter: with the settings that were best on the reels that it was tuned on.
        start: the same before it was tuned.
        tuning: its score there, by kind of transition and of `all`.
        held_out: its score on the other reels, likewise.
        interval: of its F1 on those, 95 %.
        flashes: of the flashes on those, how many set off an alarm.
        untuned: its score on those with the settings that it began with, which may be these.
    """

    splitter: Splitter
    start: Splitter
    tuning: Mapping[str, Score]
    held_out: Mapping[str, Score]
    interval: Rate
    flashes: Score
    untuned: Mapping[str, Score]


def doubted(reel: Reel, tape: Tape, splitters: Iterable[Splitter]) -> tuple[Transition, ...]:
    """Places without a label where more than half of the families of splitters see a transition, but for flashes."""
    seen: dict[str, list[Transition]] = {}
    for splitter in splitters:
        family = FAMILIES.get(splitter.name, splitter.name)
        seen.setdefault(family, []).extend(false_alarms(reel.truths, transitions(tape.shots(splitter))))
    if len(seen) < 2:
        return ()
    needed = len(seen) // 2 + 1
    alarms = sorted({alarm for alarms in seen.values() for alarm in alarms}, key=lambda alarm: alarm.first)
    return tuple(
        alarm
        for alarm in alarms
        if sum(any(alarm.touches(other) for other in others) for others in seen.values()) >= needed
        and not any(alarm.touches(flash) for flash in reel.flashes)
    )


def judged(splitter: Splitter, tuning: Sequence[Trial], held_out: Sequence[Trial]) -> Result:
    """Tune a splitter, and judge it where it was not tuned."""
    best = tuned(splitter, lambda option: scores(trial.match(option) for trial in tuning)["all"].f1)
    return _result(best, splitter, tuning, held_out)


def as_it_is(splitter: Splitter, tuning: Sequence[Trial], held_out: Sequence[Trial]) -> Result:
    """Judge a splitter with the settings that it has."""
    return _result(splitter, splitter, tuning, held_out)


def _result(best: Splitter, start: Splitter, tuning: Sequence[Trial], held_out: Sequence[Trial]) -> Result:
    matches = [trial.match(best) for trial in held_out]
    return Result(
        splitter=best,
        start=start,
        tuning=scores(trial.match(best) for trial in tuning),
        held_out=scores(matches),
        interval=interval(matches),
        flashes=_flashes(held_out, matches),
        untuned=scores(trial.match(start) for trial in held_out),
    )


def interval(matches: Iterable[Match]) -> Rate:
    """F1 and the interval that it would have on other reels of these videos: transitions are drawn anew."""
    parts = [lot for match in matches for lot in lots(match)]
    found = np.asarray([2 * lot.hits for lot in parts], np.int64)
    whole = np.asarray([lot.true + lot.hits + lot.false for lot in parts], np.int64)
    return bootstrap(found, whole)


def chosen(results: Sequence[Result]) -> Result:
    """The best on the reels for tuning, the first of equals."""
    return max(results, key=lambda result: result.tuning["all"].f1)


def is_better(one: Result, other: Result) -> bool:
    """Whether one is better than another on the reels that were held out."""
    return one.held_out["all"].f1 > other.held_out["all"].f1


def _flashes(trials: Sequence[Trial], matches: Sequence[Match]) -> Score:
    there = alarmed = 0
    for trial, match in zip(trials, matches, strict=True):
        alarms = false_alarms(match.truths, match.found)
        there += len(trial.reel.flashes)
        alarmed += sum(any(alarm.touches(flash) for alarm in alarms) for flash in trial.reel.flashes)
    return Score(there, alarmed, 0)
