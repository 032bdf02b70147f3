"""From stored scores to verdicts: bounds, percentiles among them, are drawn through all clips of the dataset."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from vidcurate.filter.base import Facts, Filter
from vidcurate.filter.bound import drawn
from vidcurate.registry import loaded
from vidcurate.stage.record import Record, Row

UNSEEN = "unseen"
"""Reason of clips that this recipe has failed to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Where the filters draw their lines.

    Attributes:
        filters: in the order in which they are asked, percentiles as the numbers they came to.
        bounds: rows of BOUNDS.
    """

    filters: tuple[Filter, ...]
    bounds: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the filters say of the clips of one record.

    Attributes:
        reasons: of every clip the first reason by which it is dropped; empty if it passes.
        scores: rows of SCORES, in the order of the clips and the filters.
    """

    reasons: dict[str, str]
    scores: list[Row]


def lines(records: Iterable[Record], filters: Sequence[Filter]) -> Lines:
    """Draw every line.

    Args:
        records: of one recipe; they are looked at only for percentiles, which are of all their clips.
        filters: in the order in which they are asked.
    """
    relative = [entry for entry in filters if any(isinstance(getattr(entry, limit.key), str) for limit in entry.limits)]
    values: dict[str, dict[str, array[float]]] = {entry.name: defaultdict(lambda: array("d")) for entry in relative}
    for record in records if relative else ():
        scores = _scores(record, relative)
        for clip in record.clips:
            for entry in relative:
                for name, value in scores[clip["clip_id"], entry.name].items():
                    values[entry.name][name].append(value)
    outcomes = [drawn(entry, values.get(entry.name, {})) for entry in filters]
    return Lines(
        filters=tuple(settled for settled, _ in outcomes),
        bounds=tuple(asdict(line) for _, found in outcomes for line in found),
    )


def judge(record: Record, filters: Sequence[Filter]) -> Verdicts:
    """Say which clips of a record are beyond which line.

    Args:
        record: of the recipe's cut.
        filters: as `lines` gives them.
    """
    scores = _scores(record, filters)
    reasons, rows = {}, []
    for clip in record.clips:
        name = clip["clip_id"]
        reasons[name] = UNSEEN if record.failure else ""
        for entry in filters:
            found = scores[name, entry.name]
            reason = entry.reason(found) or ""
            reasons[name] = reasons[name] or reason
            verdict = {"clip_id": name, "filter": entry.name, "kept": not reason, "reason": reason}
            rows += [verdict | {"score": score, "value": value} for score, value in found.items()]
    return Verdicts(reasons=reasons, scores=rows)


def _scores(record: Record, filters: Sequence[Filter]) -> Mapping[tuple[str, str], dict[str, float]]:
    """Scores of every clip by every filter, those that need no frames included."""
    scores: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in record.scores:
        scores[row["clip_id"], row["filter"]][row["score"]] = row["value"]
    for entry in filters:
        if entry.sampling is None:
            score = loaded(entry, "cpu")
            for clip in record.clips:
                scores[clip["clip_id"], entry.name] = score(_facts(clip, record.video))
    return scores


def _facts(clip: Row, video: Row) -> Facts:
    return Facts(
        duration=clip["duration"],
        width=clip["width"],
        height=clip["height"],
        fps=clip["fps"],
        num_bytes=clip["num_bytes"],
        source_codec=video["codec"],
        source_bit_rate=video["bit_rate"],
    )
