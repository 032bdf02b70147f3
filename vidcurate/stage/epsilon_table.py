"""Epsilons side by side: CSV with every number, and Markdown to read; also source by source."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from vidcurate.stage.outcome import Outcome
from vidcurate.stage.recall import Rates
from vidcurate.stage.sizes import Sizes

SOURCES = 20
"""Sources that Markdown shows, those with the most clips."""
EPSILONS = 8
"""Epsilons that Markdown shows source by source, evenly chosen."""
LEGEND = """\
Groups: kept clips and those that are dropped for them; largest and mean count their clips.
Recall, with its 95 % interval: duplicates of which the search knows, and clips of which it knows an earlier duplicate.
Orphans: of the clips that SemDeDup would drop, those to which no clip that it keeps is within epsilon.
"""

Row = dict[str, Any]
"""Value by column; None where it is not known."""


def row_of(outcome: Outcome, rates: Rates, sizes: Sizes) -> Row:
    """What the table says of one epsilon; hours and bytes stand only where the clips themselves are known."""
    kept, total = int(outcome.kept.sum()), len(outcome.kept)
    row: Row = {"eps": outcome.eps, "kept": kept, "removed": total - kept, "total": total, "kept_share": kept / total}
    if sizes.seconds is not None and sizes.num_bytes is not None:
        seconds, num_bytes = float(sizes.seconds[outcome.kept].sum()), int(sizes.num_bytes[outcome.kept].sum())
        row |= {"kept_hours": seconds / 3600, "hours_share": seconds / max(float(sizes.seconds.sum()), 1e-9)}
        row |= {"kept_bytes": num_bytes, "bytes_share": num_bytes / max(int(sizes.num_bytes.sum()), 1)}
    row |= {"groups": outcome.groups, "largest_group": outcome.largest}
    row["mean_group"] = outcome.grouped / outcome.groups if outcome.groups else None
    for name, rate in zip(("pair_recall", "item_recall"), rates, strict=True):
        row[name] = None if rate is None else rate.share
        row |= {f"{name}_{end}": None if rate is None else getattr(rate, end) for end in ("low", "high")}
    return row | {"semdedup_removed": outcome.semdedup_removed, "semdedup_orphans": outcome.semdedup_orphans}


def csv_of(rows: Sequence[Row]) -> str:
    """All columns of all rows, numbers in full."""
    lines = [list(rows[0]), *(["" if value is None else repr(value) for value in row.values()] for row in rows)]
    return "".join(f"{','.join(cells)}\n" for cells in lines)


def sources_csv(outcomes: Sequence[Outcome], sizes: Sizes) -> bytes:
    """Epsilon by epsilon what is kept of each source."""
    tables = []
    for outcome in outcomes:
        clips, kept = _per_source(outcome, sizes)
        columns = {"eps": np.full(len(clips), outcome.eps), "source": list(sizes.names), "clips": clips, "kept": kept}
        if sizes.seconds is not None:
            columns["hours"] = np.bincount(sizes.source, sizes.seconds) / 3600
            chosen = np.where(outcome.kept, sizes.seconds, 0.0)
            columns["kept_hours"] = np.bincount(sizes.source, chosen) / 3600
        tables.append(pa.table(columns | {"kept_share": kept / clips}))
    sink = io.BytesIO()
    options = pyarrow.csv.WriteOptions(quoting_header="none")
    pyarrow.csv.write_csv(pa.concat_tables(tables), sink, options)
    return sink.getvalue()


def markdown_of(rows: Sequence[Row], outcomes: Sequence[Outcome], sizes: Sizes) -> str:
    """The same to read: one table of epsilons, one of sources, what its words mean."""
    text = _markdown([_shown(row, sizes) for row in rows])
    text += f"\n{LEGEND}"
    if len(sizes.names) < 2:
        return text
    chosen = np.unique(np.linspace(0, len(outcomes) - 1, min(EPSILONS, len(outcomes))).round().astype(int))
    clips, _ = _per_source(outcomes[0], sizes)
    largest = np.argsort(-clips, kind="stable")[:SOURCES]
    shares = {outcomes[at].eps: _per_source(outcomes[at], sizes)[1] / clips for at in chosen}
    lines = [
        {"source": sizes.names[at].replace("|", "\\|"), "clips": f"{clips[at]:,}"}
        | {f"eps {eps!r}": f"{share[at]:.1%}" for eps, share in shares.items()}
        for at in largest
    ]
    left = len(clips) - len(largest)
    more = f"; {left:,} more in epsilon_sources.csv" if left else ""
    return f"{text}\nShare of clips kept, by source{more}:\n\n{_markdown(lines)}"


def _per_source(outcome: Outcome, sizes: Sizes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Clips of each source, and those of them that are kept."""
    n = len(sizes.names)
    return np.bincount(sizes.source, minlength=n), np.bincount(sizes.source[outcome.kept], minlength=n)


def _shown(row: Row, sizes: Sizes) -> dict[str, str]:
    cells = {"eps": repr(row["eps"]), "clips kept": f"{row['kept']:,} ({row['kept_share']:.1%})"}
    if sizes.seconds is not None and sizes.num_bytes is not None:
        time, hours = ("hours", 1.0) if sizes.seconds.sum() >= 36_000 else ("minutes", 60.0)
        unit, size = ("GB", 1e9) if sizes.num_bytes.sum() >= 1e10 else ("MB", 1e6)
        cells[f"{time} kept"] = f"{row['kept_hours'] * hours:,.1f} ({row['hours_share']:.1%})"
        cells[f"{unit} kept"] = f"{row['kept_bytes'] / size:,.1f} ({row['bytes_share']:.1%})"
    mean = row["mean_group"]
    cells |= {"groups": f"{row['groups']:,}", "largest": f"{row['largest_group']:,}"}
    cells["mean"] = "" if mean is None else f"{mean:.1f}"
    for name in ("pair_recall", "item_recall"):
        share, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
        cells[name.replace("_", " ")] = (
            "" if share is None else "exact" if low == 1 else f"{share:.4f} ({low:.4f}-{high:.4f})"
        )
    cells["orphans of SemDeDup"] = f"{row['semdedup_orphans']:,} of {row['semdedup_removed']:,}"
    return cells


def _markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Columns of numbers end below each other; one of names begins there."""
    lines = []
    for name in rows[0]:
        width = max(len(name), 4, *(len(row[name]) for row in rows))
        rule, pad = (f":{'-' * (width - 1)}", "<") if name == "source" else (f"{'-' * (width - 1)}:", ">")
        lines.append([f"{cell:{pad}{width}}" for cell in (name, rule, *(row[name] for row in rows))])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in zip(*lines, strict=True))
