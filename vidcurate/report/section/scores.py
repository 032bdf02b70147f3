"""How clips score, what each filter drops, and what other bounds would keep."""

from __future__ import annotations

from typing import Any

from vidcurate.report.context import Context, Section
from vidcurate.report.histogram import Histogram, histograms
from vidcurate.report.made_by import command, filters_of
from vidcurate.report.packing import packed
from vidcurate.report.thresholds import VALUES, Thresholds, thresholds


def section(context: Context) -> Section | None:
    """A histogram of each score, with its bounds to be moved; None where nothing was scored."""
    charts = histograms(context.dataset.scores)
    if not charts:
        return None
    found = thresholds(context.dataset, filters_of(context.store)) if context.clips.all else None
    movable = [chart for chart in charts if found and _movable(chart, found)]
    facts = {
        "movable": movable,
        "others": [chart for chart in charts if chart not in movable],
        "bounds": context.dataset.bounds.to_pylist(),
        "clips": context.dataset.clips.num_rows,
        "many": not context.clips.all or context.dataset.scores.num_rows > VALUES,
    }
    data = _data(context, found, movable) if found else {}
    return Section(name="scores", title="Scores", facts=facts, data=data)


def _movable(chart: Histogram, found: Thresholds) -> bool:
    """Whether a score has a bound, and clips that differ in it or one that is set."""
    own = [slider for slider in found.sliders if (slider.filter, slider.limit.score) == (chart.filter, chart.score)]
    return bool(own) and (chart.low < chart.high or any(slider.value is not None for slider in own))


def _data(context: Context, found: Thresholds, charts: list[Histogram]) -> dict[str, Any]:
    drawn = {(chart.filter, chart.score) for chart in charts}
    return {
        "charts": [
            {
                "filter": chart.filter,
                "score": chart.score,
                "low": chart.low,
                "high": chart.high,
                "values": packed(found.scores[chart.filter, chart.score]),
            }
            for chart in charts
        ],
        "sliders": [
            {
                "filter": slider.filter,
                "key": slider.limit.key,
                "score": slider.limit.score,
                "drops": slider.limit.drops,
                "reason": slider.limit.reason,
                "value": slider.value,
            }
            for slider in found.sliders
            if (slider.filter, slider.limit.score) in drawn
        ],
        "fixed": {name: packed(rows) for name, rows in found.fixed.items()},
        "spoken": packed(found.spoken),
        "command": command(context.store, "split"),
    }
