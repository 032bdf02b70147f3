"""What `+experiment=plan` forecasts of a folder, beside what the run then yields and takes.

    python benchmarks/plan.py FOLDER [--out DIR] [OVERRIDE ...]

Plans FOLDER by a sample, then does what the plan's own command says, each as a process of its own. Bytes and clips are
counted in the dataset, the wall time is that of the command, and its CPU time that of all its processes as /proc tells,
neither taken from the journal that the forecast is made of. Overrides go to the plan, e.g. `plan.minutes=2`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.05
"""Seconds between looks at /proc: a process that ends is missed for the last of them only."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="dataset to make; a temporary one by default")
    arguments, overrides = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        out = arguments.out or Path(folder, "dataset")
        words = ["+experiment=plan", f"source.path={arguments.folder.absolute()}", f"out={out}", *overrides]
        took, _ = run(words)
        plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
        wall, cpu = run([*shlex.split(plan["command"])[1:], "max_failures=1000000"])
        show(plan, measured(out, wall, cpu), took)
        if arguments.out is None:
            shutil.rmtree(out)


def run(words: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command of vidcurate."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "vidcurate", *words], start_new_session=True)
    seen: dict[tuple[int, str], float] = {}
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, seen, ended))
    watch.start()
    code = process.wait()
    ended.set()
    watch.join()
    if code:
        sys.exit(f"vidcurate {shlex.join(words)}: exit code {code}")
    return time.monotonic() - began, sum(seen.values())


def _watch(session: int, seen: dict[tuple[int, str], float], ended: threading.Event) -> None:
    """Note the CPU seconds of every process of a session, as long as it lives."""
    while not ended.wait(EVERY):
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == session:
                    seen[int(stat.parent.name), fields[19]] = (int(fields[11]) + int(fields[12])) / TICKS


def measured(out: Path, wall: float, cpu: float) -> dict[str, float]:
    """What the run has yielded and taken, by the names of plan.json."""
    clips = pq.read_table(out / "tables" / "clips")
    kept = clips.filter(clips["kept"])
    there = clips.filter(pc.is_valid(clips["uri"]))
    return {
        "clips": clips.num_rows,
        "clip_seconds": _sum(clips["duration"]),
        "kept": kept.num_rows,
        "kept_seconds": _sum(kept["duration"]),
        "failed": pq.read_table(out / "tables" / "failures").num_rows,
        "media_bytes": _sum(there["num_bytes"]),
        "preview_bytes": _size(out / "previews") + _size(out / "audio"),
        "shards_bytes": _size(out / "webdataset"),
        "out_bytes": _size(out) - _size(out / "logs"),
        "cpu_seconds": cpu,
        "wall_seconds": wall,
    }


def _sum(column: Any) -> float:
    return float(pc.sum(column).as_py() or 0)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def show(plan: dict[str, Any], found: dict[str, float], took: float) -> None:
    """Print forecast, interval, what was measured, and the ratio."""
    sample = plan["sample"]
    title = (
        f"{sample['videos']} of {plan['forecast']['work']} videos tried, {sample['seconds'] / 60:.1f} of "
        f"{plan['forecast']['work_seconds'] / 60:.1f} minutes; the plan took {took:.0f} s"
    )
    table = Table(title=title, title_justify="left")
    for name in ("", "forecast", "90% interval", "measured", "ratio", "within"):
        table.add_column(name, no_wrap=True)
    for name, value in found.items():
        figure = plan["forecast"][name]
        ratio = f"{figure['value'] / value:.2f}" if value else ""
        within = "yes" if figure["low"] <= value <= figure["high"] else "no"
        ends = f"{figure['low']:,.0f} to {figure['high']:,.0f}"
        table.add_row(name, f"{figure['value']:,.0f}", ends, f"{value:,.0f}", ratio, within)
    Console().print(table)


if __name__ == "__main__":
    main()
