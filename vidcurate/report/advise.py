"""advise.html: pairs side by side to be marked, with the precision and the epsilon that follow, without any server."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.dedup.base import is_duplicate
from vidcurate.report.advice import ESTIMATOR, capital, explanation, lines, suggestion, write_files
from vidcurate.report.template import data_block, inlined, policy, rendered
from vidcurate.report.units import clock
from vidcurate.stage.advise import Advice
from vidcurate.stage.chance import Chance
from vidcurate.stage.intervals import Z
from vidcurate.stage.precision import MOST
from vidcurate.stage.publish import PREVIEWS
from vidcurate.stage.settle import Tables
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

PAGE = "advise.html"


def write_advice(store: Store, tables: Tables, advice: Advice, per_band: int) -> None:
    """Write the advice as files and as a page at the root of the dataset, and say it.

    Args:
        store: the dataset.
        tables: what split knows of the clips.
        advice: what is known of epsilon.
        per_band: pairs that were drawn of each band, at most.
    """
    write_files(store, advice)
    for line in lines(advice):
        log.info("advise: %s", line)
    style, script = inlined("advise.css"), inlined("page.js", "advise.js")
    facts = {
        "style": style,
        "script": script,
        "policy": policy([style], [script]),
        "name": store.root.rpartition("/")[2] or "dataset",
        "pairs": len(advice.shown),
        "floor": advice.graph.floor,
        "estimator": ESTIMATOR,
        "chance": _chance(advice, advice.chance) if advice.chance else None,
        "data": data_block(_data(store, tables, advice, per_band)),
    }
    page = rendered(PAGE, facts)
    if page is None:
        return
    store.write(PAGE, page)
    log.info("advise: mark pairs in %s", store.path(PAGE))


def _data(store: Store, tables: Tables, advice: Advice, per_band: int) -> dict[str, Any]:
    """What the page's script reads; it recomputes the rest."""
    graph, chance = advice.graph, advice.chance
    rows = pa.array(advice.shown, pa.int64())
    columns = (advice.ids.take(pa.array(ends).take(rows)).to_pylist() for ends in (graph.first, graph.second))
    shown = list(zip(advice.shown, *columns, graph.similarity[advice.shown].tolist(), strict=True))
    return {
        "key": f"{advice.made_from}",
        "target": advice.target,
        "z": Z,
        "most": MOST,
        "per_band": per_band,
        "epsilons": list(advice.pairs),
        "above": list(advice.pairs.values()),
        "kept": [advice.kept.get(eps) for eps in advice.pairs],
        "total": len(advice.ids),
        "over": [chance.over(eps) for eps in advice.pairs] if chance else None,
        "drawn": chance.drawn if chance else 0,
        "bands": [{"inner": band.inner, "outer": band.outer, "pairs": band.pairs} for band in advice.bands],
        "pairs": [
            {"id": one, "other": other, "similarity": similarity, "band": _at(advice, row)}
            | ({"label": advice.labels[row]} if row in advice.labels else {})
            for row, one, other, similarity in shown
        ],
        "clips": _clips(store, tables, {name for _, one, other, _ in shown for name in (one, other)}),
        "command": f"vidcurate +experiment=dedup {shlex.quote(f'out={store.url}')}",
    }


def _at(advice: Advice, row: int) -> int:
    """The band of a pair."""
    similarity = advice.graph.similarity[row : row + 1]
    return next(number for number, band in enumerate(advice.bands) if is_duplicate(similarity, band.outer)[0])


def _clips(store: Store, tables: Tables, names: set[str]) -> dict[str, dict[str, Any]]:
    """How each clip is shown: its source, its place in it, and the best picture of it that there is."""
    wanted = tables.clips.filter(pc.is_in(tables.clips["clip_id"], value_set=pa.array(sorted(names), pa.string())))
    known = {row["clip_id"]: row for row in wanted.to_pylist()}
    originals = tables.videos.filter(pc.not_equal(tables.videos["status"], "duplicate"))
    sources = dict(zip(originals["video_id"].to_pylist(), originals["uri"].to_pylist(), strict=True))
    previews = set(store.keys(PREVIEWS))
    return {name: _clip(name, known.get(name, {}), sources, previews) for name in sorted(names)}


def _clip(name: str, row: Mapping[str, Any], sources: Mapping[str, str], previews: set[str]) -> dict[str, Any]:
    drawn = next((key for end in ("webp", "jpg") if (key := f"{PREVIEWS}/{name}.{end}") in previews), None)
    place = drawn or row.get("uri") or ""
    shown = {
        "kind": "image" if drawn else "video" if place else "none",
        "href": quote(place),
        "link": quote(row.get("uri") or ""),
        "source": sources.get(row.get("video_id", ""), ""),
    }
    if row:
        size = f"{row['width']} x {row['height']}"
        shown["facts"] = f"{row['duration']:.1f} s · {clock(row['start'])} to {clock(row['end'])} · {size}"
    return shown


def _chance(advice: Advice, chance: Chance) -> dict[str, Any]:
    names = {"50": "Half are below", "100": "The most similar"}
    return {
        "explanation": explanation(chance),
        "suggestion": f"{capital(suggestion(advice, chance))}.",
        "percentiles": [(names.get(key, f"{key}% are below"), value) for key, value in chance.percentiles().items()],
        "rows": [
            {
                "eps": band.outer,
                "over": chance.over(band.outer),
                "drawn": chance.drawn,
                "bound": f"{1e6 * chance.bound(band.outer):,.1f}",
                "kept": advice.kept[band.outer],
            }
            for band in advice.bands
        ],
    }
