"""How a run ends: one table of what came into every stage and what became of it, and what can be done now.

On a terminal it is a table, elsewhere a line for each stage; --quiet leaves the very last line. Where the time went is
another matter, see `vidcurate.telemetry.closing`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.recipe import Recipe
from vidcurate.stage.decide import decisions_folder
from vidcurate.stage.settle import Tables
from vidcurate.stage.shard import DROPS_FILE
from vidcurate.store.files import Store
from vidcurate.summary import counts, reasons_of
from vidcurate.telemetry.tally import Step, Tally
from vidcurate.terminal import NOTICE, is_quiet

log = logging.getLogger(__name__)

TOP = 3
"""Reasons that are named; the others are summed up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of what came into a stage.

    Attributes:
        stage: its name.
        unit: what came: videos, clips or windows.
        came: how many.
        kept: of them.
        dropped: how many, by reason.
        failed: how many; None where a stage cannot fail for one alone.
        seconds: of video that are kept; None where that is not known.
        pace: how many a second were worked on in this run; None if none was.
        realtime: seconds of video that were worked on per second; None likewise.
        stored: what was there already and not made again, of how much; empty where that is no question.
    """

    stage: str
    unit: str
    came: int
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    failed: int | None = None
    seconds: float | None = None
    pace: float | None = None
    realtime: float | None = None
    stored: str = ""

    @property
    def reasons(self) -> str:
        """How many are dropped and why, the most frequent first."""
        ranked = sorted(self.dropped.items(), key=lambda entry: (-entry[1], entry[0]))
        said = [f"{count:,} {reason}" for reason, count in ranked[:TOP]]
        if rest := sum(count for _, count in ranked[TOP:]):
            said.append(f"{rest:,} others")
        return ", ".join(said)


def rows(
    store: Store, tables: Tables, recipe: Recipe, steps: Collection[str], summary: Mapping[str, Any], tally: Tally
) -> Iterator[Row]:
    """The table, for those of the steps that it can tell of.

    Args:
        store: the dataset.
        tables: its tables.
        recipe: says which decisions and which shards.
        steps: that were done.
        summary: of the dataset.
        tally: of the run.
    """
    if "split" in steps:
        yield from _split(tables, summary, tally)
    if "dedup" in steps and summary["dedup"]:
        yield _dedup(store, tables, recipe, summary, tally)
    if "shard" in steps and summary["shards"]:
        yield _shard(store, recipe, summary, tally)


def _split(tables: Tables, summary: Mapping[str, Any], tally: Tally) -> Iterator[Row]:
    videos, clips, captions = summary["videos"], summary["clips"], summary["captions"]
    step, ended = tally.steps.get("split", Step()), tally.videos.total()
    usable = tables.videos.filter(pc.equal(tables.videos["status"], "processed"))
    yield Row(
        stage="split",
        unit="videos",
        came=videos["in"],
        kept=videos["kept"],
        dropped=_without_failures(tables.videos),
        failed=videos["failed"],
        seconds=_seconds(usable),
        pace=_per(ended, step),
        realtime=_per(tally.video_seconds, step),
        stored=step.known,
    )
    yield Row(
        stage="filter",
        unit="clips",
        came=clips["cut"],
        kept=clips["kept"],
        dropped=clips["filtered"],
        seconds=clips["kept_seconds"],
    )
    if captions:
        windows, captioned, failed = (captions[name] for name in ("windows", "captioned", "failed"))
        empty = windows - captioned - failed
        yield Row(
            stage="caption",
            unit="windows",
            came=windows,
            kept=captioned,
            dropped={"no_caption": empty} if empty else {},
            failed=failed,
        )


def _dedup(store: Store, tables: Tables, recipe: Recipe, summary: Mapping[str, Any], tally: Tally) -> Row:
    decided, step = summary["dedup"], tally.steps.get("dedup", Step())
    table = store.read_table(f"{decisions_folder(recipe.dedup)}/part-0.parquet", ["id", "kept", "reason"])
    unique = table.filter(table["kept"])["id"].combine_chunks()
    dropped = table.filter(pc.invert(table["kept"]))["reason"]
    is_ours = tables.clips.num_rows > 0
    is_fresh = step.stored < step.count
    return Row(
        stage="dedup",
        unit="clips",
        came=decided["total"],
        kept=decided["kept"],
        dropped=dict(counts(dropped)),
        seconds=_seconds(tables.clips.filter(pc.is_in(tables.clips["clip_id"], unique))) if is_ours else None,
        pace=_per(decided["total"], step) if is_fresh else None,
        realtime=_per(summary["clips"]["kept_seconds"], step) if is_fresh and is_ours else None,
        stored=step.known,
    )


def _shard(store: Store, recipe: Recipe, summary: Mapping[str, Any], tally: Tally) -> Row:
    samples, step = summary["shards"]["samples"], tally.steps.get("shard", Step())
    left = _left_out(store, f"{recipe.sharder.folder}/{DROPS_FILE}")
    index = f"{recipe.sharder.folder}/index.json"
    seconds = float(store.read_json(index)["duration"]) if store.exists(index) else None
    return Row(
        stage="shard",
        unit="clips",
        came=samples + sum(left.values()),
        kept=samples,
        dropped=left,
        seconds=seconds,
        pace=_per(step.count - step.stored, step),
        realtime=_per(seconds, step) if seconds and not step.stored else None,
        stored=step.known,
    )


def _left_out(store: Store, drops: str) -> dict[str, int]:
    """What sharding itself has left out, as appending does, by reason."""
    if not store.exists(drops):
        return {}
    table = store.read_table(drops, ["stage", "reason"])
    return dict(counts(table.filter(pc.equal(table["stage"], "shard"))["reason"]))


def _without_failures(videos: pa.Table) -> dict[str, int]:
    lost = videos.filter(pc.is_in(videos["status"], pa.array(["filtered", "duplicate"])))
    return dict(counts(reasons_of(lost)))


def _seconds(table: pa.Table) -> float:
    return float(pc.sum(table["duration"]).as_py() or 0.0)


def _per(amount: float, step: Step) -> float | None:
    return amount / step.seconds if amount and step.seconds else None


def taken_time(tally: Tally) -> str:
    """How long a run took."""
    return f"done in {_clock(tally.last - tally.began)}"


def say(rows: Sequence[Row], hints: Sequence[tuple[str, str]], done: Sequence[str]) -> None:
    """Show the table and what can be done now, and end with a line.

    Args:
        rows: of the table.
        hints: a word and what it is about.
        done: parts of the last line.
    """
    if sys.stderr.isatty() and not is_quiet():
        _print(rows, hints)
    else:
        for row in rows:
            log.info("%s: %s", row.stage, _told(row))
        for word, hint in hints:
            log.info("%s: %s", word, hint)
    log.log(NOTICE, "%s", " · ".join(done))


def _told(row: Row) -> str:
    facts = [
        f"{row.kept:,} of {row.came:,} {row.unit} kept{'' if row.seconds is None else f' ({_clock(row.seconds)} h)'}",
        f"dropped {row.reasons}" if row.dropped else "",
        f"{row.failed:,} failed" if row.failed else "",
        "" if row.pace is None else f"{row.pace:.3g}/s",
        "" if row.realtime is None else f"{row.realtime:.3g}x real time",
        f"{row.stored} stored before" if row.stored else "",
    ]
    return ", ".join(filter(None, facts))


def _print(rows: Sequence[Row], hints: Sequence[tuple[str, str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    screen = Console(stderr=True)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("stage", no_wrap=True)
    for heading in ("in", "kept"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("dropped")
    for heading in ("failed", "hours", "per s", "x real", "stored"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row.stage, style="bold"),
            f"{row.came:,}",
            f"{row.kept:,}",
            row.reasons.replace("_", " "),
            "" if row.failed is None else Text(f"{row.failed:,}", style="red" if row.failed else ""),
            "" if row.seconds is None else _clock(row.seconds),
            "" if row.pace is None else f"{row.pace:.3g}",
            "" if row.realtime is None else f"{row.realtime:.3g}",
            row.stored.rpartition(" ")[0],
        )
    if rows:
        screen.print("", table, "")
    for word, hint in hints:
        screen.print(Text.assemble((f"{word:<6} ", "bold"), hint), soft_wrap=True)


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds: 1204:33:10."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
