"""From stored scores to verdicts: bounds, percentiles among them, are applied to all clips of the dataset at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vidcurate.filter.base import Facts, Filter
from vidcurate.filter.bound import Drawn, drawn
from vidcurate.recipe import Recipe
from vidcurate.registry import loaded
from vidcurate.stage.record import Record, Row, wanted

UNSEEN = "unseen"
"""Reason of clips that this recipe has failed to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the filters say of the clips.

    Attributes:
        reasons: of every clip the first reason by which it is dropped; empty if it passes.
        scores: rows of SCORES, in the order of the records, their clips and the filters.
        bounds: rows of BOUNDS.
    """

    reasons: dict[str, str]
    scores: list[Row]
    bounds: list[Row]


def current(records: Iterable[Record], recipe: Recipe) -> list[Record]:
    """Records of this recipe's cut; those of inputs that yield nothing whatever the recipe are among them."""
    cut = wanted(recipe)["clips"]
    return [record for record in records if not record.made_from or record.made_from["clips"] == cut]


def judge(records: Sequence[Record], filters: Sequence[Filter]) -> Verdicts:
    """Draw every line and say who is beyond it.

    Args:
        records: of one recipe; percentiles are of all their clips.
        filters: in the order in which they are asked.
    """
    scores = _scores(records, filters)
    reasons = {clip["clip_id"]: UNSEEN if record.failure else "" for record in records for clip in record.clips}
    found: dict[tuple[str, str], str] = {}
    bounds: list[Drawn] = []
    for entry in filters:
        values: dict[str, list[float]] = defaultdict(list)
        for clip in reasons:
            for name, value in scores[clip, entry.name].items():
                values[name].append(value)
        settled, lines = drawn(entry, values)
        bounds += lines
        for clip in reasons:
            found[clip, entry.name] = settled.reason(scores[clip, entry.name]) or ""
            reasons[clip] = reasons[clip] or found[clip, entry.name]
    return Verdicts(
        reasons=reasons,
        scores=[
            {"clip_id": clip, "filter": entry.name, "score": name, "value": value}
            | {"kept": not found[clip, entry.name], "reason": found[clip, entry.name]}
            for clip in reasons
            for entry in filters
            for name, value in scores[clip, entry.name].items()
        ],
        bounds=[asdict(line) for line in bounds],
    )


def without_file(records: Iterable[Record], recipe: Recipe, files: Collection[str]) -> set[str]:
    """Keys of the records that have a clip which passes the filters, or may, but has no file: to be cut again.

    Args:
        records: all of the dataset.
        recipe: the filters and the cut.
        files: ids of the clips that have a file.
    """
    ours = current(records, recipe)
    reasons = judge(ours, recipe.filter).reasons
    return {
        record.key
        for record in ours
        if any(reasons[clip["clip_id"]] in {"", UNSEEN} and clip["clip_id"] not in files for clip in record.clips)
    }


def _scores(records: Sequence[Record], filters: Sequence[Filter]) -> dict[tuple[str, str], dict[str, float]]:
    """Scores of every clip by every filter, those that need no frames included."""
    scores: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for record in records:
        for row in record.scores:
            scores[row["clip_id"], row["filter"]][row["score"]] = row["value"]
        for entry in filters:
            if entry.sampling is None:
                score = loaded(entry, "cpu")
                for clip in record.clips:
                    scores[clip["clip_id"], entry.name] = score(_facts(clip, record.video))
    return scores


def _facts(clip: dict[str, Any], video: dict[str, Any]) -> Facts:
    return Facts(
        duration=clip["duration"],
        width=clip["width"],
        height=clip["height"],
        fps=clip["fps"],
        num_bytes=clip["num_bytes"],
        source_codec=video["codec"],
        source_bit_rate=video["bit_rate"],
    )
