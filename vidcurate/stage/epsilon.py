"""One comparison of every epsilon tried so far: a table as CSV and Markdown, and the curve they lie on.

Every job of a sweep writes it, also at the same time, and one that fails takes nothing from the others: a row is a
folder of decisions that was committed.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup
from vidcurate.registry import fingerprint
from vidcurate.stage.decide import FOLDER as DECISIONS_FOLDER
from vidcurate.stage.decide import witnesses
from vidcurate.stage.neighbours import Compared
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from matplotlib.axes import Axes

log = logging.getLogger(__name__)

NAME = "semantic/epsilon_table"
CURVE = "semantic/epsilon_curve.png"

FORMATS = {
    "eps": "{!r}", "kept": "{:,}", "removed": "{:,}", "total": "{:,}",
    "kept_share": "{:.2%}", "kept_hours": "{:.3f}", "kept_bytes": "{:,}",
}  # fmt: skip
"""Columns, and how Markdown shows them; the last two stand only where the clips themselves are known."""

Row = dict[str, float]
"""Value by column."""


def compare_epsilons(store: Store, compared: Compared, rule: Dedup) -> None:
    """Write the table and the curve over all decisions that were made from these neighbours.

    Args:
        store: the dataset.
        compared: the clips.
        rule: says what share is kept at an epsilon that was not tried.
    """
    clips = _clips(store, compared)
    written: list[Row] | None = None
    while (
        rows := _rows(store, compared, rule, clips)
    ) != written:  # another job may have decided meanwhile: the last sees all
        store.write(f"{NAME}.csv", _csv(rows).encode())
        store.write(f"{NAME}.md", _markdown(rows).encode())
        _write_curve(store, compared, rule, rows)
        written = rows
    log.info("epsilon table: %d epsilons in %s.csv", len(rows), NAME)


def _clips(store: Store, compared: Compared) -> pa.Table | None:
    """CLIPS, if it knows all that were compared; foreign embeddings may be of anything."""
    keys = store.keys("tables/clips", ".parquet")
    if not keys:
        return None
    clips = pa.concat_tables(store.read_table(key) for key in keys)
    known = pc.all(pc.is_in(compared.ids, value_set=clips["clip_id"])).as_py()
    return clips if known else None


def _rows(store: Store, compared: Compared, rule: Dedup, clips: pa.Table | None) -> list[Row]:
    rows = []
    for key in store.keys(DECISIONS_FOLDER, ".parquet"):
        record = committed(store, str(PurePosixPath(key).parent))
        if record.get("neighbours") != compared.made_from or record.get("rule") != fingerprint(rule):
            continue
        row = {name: record[name] for name in ("eps", "kept", "removed", "total")}
        row["kept_share"] = record["kept"] / record["total"]
        if clips is not None:
            decisions = store.read_table(key)
            ids = decisions.filter(decisions["kept"])["id"]
            kept = clips.filter(pc.is_in(clips["clip_id"], value_set=ids))
            row |= {
                "kept_hours": pc.sum(kept["duration"]).as_py() / 3600,
                "kept_bytes": pc.sum(kept["num_bytes"]).as_py(),
            }
        rows.append(row)
    return sorted(rows, key=lambda row: row["eps"])


def _csv(rows: Sequence[Row]) -> str:
    lines = [list(rows[0]), *([repr(value) for value in row.values()] for row in rows)]
    return "".join(f"{','.join(cells)}\n" for cells in lines)


def _markdown(rows: Sequence[Row]) -> str:
    lines = [list(rows[0]), ["---:"] * len(rows[0])]
    lines += [[FORMATS[name].format(value) for name, value in row.items()] for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _write_curve(store: Store, compared: Compared, rule: Dedup, rows: Sequence[Row]) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        log.info("epsilon curve: not drawn, matplotlib is not installed: pip install 'vidcurate[report]'")
        store.remove(CURVE)
        return
    limit = min(1 - compared.graph.floor, max(0.2, 2 * rows[-1]["eps"]))
    epsilons, rows_of = np.linspace(0, limit, 101), np.arange(len(compared.ids))
    shares = [(witnesses(compared, replace(rule, eps=float(eps))) == rows_of).mean() for eps in epsilons]
    figure = Figure(figsize=(7, 4.2), dpi=144, layout="constrained")
    _draw(figure.subplots(), epsilons, shares, rows)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    store.write(CURVE, picture.getvalue())


def _draw(axes: Axes, epsilons: NDArray[np.float64], shares: Sequence[float], rows: Sequence[Row]) -> None:
    axes.plot(epsilons, np.multiply(shares, 100), color="#3b6ea5", linewidth=1.8)
    for row in rows:
        point = row["eps"], 100 * row["kept_share"]
        axes.plot(*point, "o", color="#d1495b", markeredgecolor="white", markersize=8, clip_on=False)
        label = f"{point[0]:g}: {point[1]:.1f} %"
        axes.annotate(label, point, xytext=(7, 5), textcoords="offset points", fontsize=8)
    axes.set_title(f"What each epsilon keeps of {rows[0]['total']:,} clips; dots: tried", loc="left", fontsize=11)
    axes.set_xlabel("epsilon ε: clips are duplicates where cosine similarity > 1 - ε")
    axes.set_ylabel("clips kept (%)")
    axes.set(xlim=(0, epsilons[-1]), ylim=(0, 103))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
