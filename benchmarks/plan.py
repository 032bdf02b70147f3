"""What `+experiment=plan` forecasts of a folder, beside what the run then yields and takes.

    python benchmarks/plan.py FOLDER [--out DIR] [--draws N] [OVERRIDE ...]

Plans FOLDER by a sample, then does what the plan's own command says, each as a process of its own. Bytes and clips are
counted in the dataset, the wall time is that of the command, and its CPU time that of all its processes as /proc tells,
neither taken from the journal that the forecast is made of. Overrides go to the plan, e.g. `plan.minutes=2`.

One sample proves little, so a second table forecasts from N others, with what the run has recorded of their videos: how
far the middle half and 9 of 10 forecasts are from the truth, and how many intervals hold it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from hydra import compose, initialize_config_dir
from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.app import forced
from vidcurate.config import job
from vidcurate.groups import conf_dir
from vidcurate.stage.plan.census import census
from vidcurate.stage.plan.estimate import Figure
from vidcurate.stage.plan.measured import Clock, measure
from vidcurate.stage.plan.sample import Unit, candidates, draw
from vidcurate.stage.plan.totals import Totals
from vidcurate.store.files import Store

ASKED = {"clips": "seconds", "clip_seconds": "seconds", "kept_seconds": "seconds", "media_bytes": "bytes",
         "cpu_seconds": "pixels", "seconds": "pixels"}  # fmt: skip
"""What is asked of other samples, and what it goes with; the last two are of workers, all stages together."""
TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.2
"""Seconds between looks at /proc: a process that ends is missed for the last of them only."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="dataset to make, a temporary one by default; its plan is taken")
    parser.add_argument("--draws", type=int, default=500, metavar="N")
    add_json(parser)
    arguments, overrides = parser.parse_known_args()
    findings = Findings(arguments.json, 110)
    with tempfile.TemporaryDirectory() as folder:
        out = arguments.out or Path(folder, "dataset")
        words = ["+experiment=plan", f"source.path={arguments.folder.absolute()}", f"out={out}", *overrides]
        if not (out / "plan.json").exists():
            run(words)
        plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
        command = shlex.split(plan["command"])
        start = next(place for place, word in enumerate(command) if word.startswith("+experiment="))
        show(findings, plan, measured(out, *run([*command[start:], "max_failures=1000000"])))
        show_draws(findings, out, words, arguments.draws)


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


def show(findings: Findings, plan: dict[str, Any], found: dict[str, float]) -> None:
    """Print forecast, interval, what was measured, and the ratio."""
    sample = plan["sample"]
    title = (
        f"{sample['videos']} of {plan['forecast']['work']} videos tried, {sample['seconds'] / 60:.1f} of "
        f"{plan['forecast']['work_seconds'] / 60:.1f} minutes; that took {sample['took_seconds']:.0f} s"
    )
    table = Table(title=title, title_justify="left")
    for name in ("", "forecast", "90% interval", "measured", "ratio", "within"):
        table.add_column(name, no_wrap=True)
    for name, value in found.items():
        figure = plan["forecast"][name]
        ratio = f"{figure['value'] / value:.2f}" if value else ""
        if value:
            findings.figure(f"{name} off by", abs(figure["value"] / value - 1))
        within = "yes" if figure["low"] <= value <= figure["high"] else "no"
        ends = f"{figure['low']:,.0f} to {figure['high']:,.0f}"
        table.add_row(name, f"{figure['value']:,.0f}", ends, f"{value:,.0f}", ratio, within)
    findings.table(table)


def show_draws(findings: Findings, out: Path, words: list[str], draws: int) -> None:
    """Print how forecasts from other samples would have been."""
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        checked = job(compose("config", overrides=[forced(word) for word in words]))
    assert checked.source is not None  # a plan has one
    with tempfile.TemporaryDirectory() as nothing:
        videos = candidates(census(Store(nothing), checked.source, checked.recipe, None))
    whole = [Unit(candidate=one, stratum=0, weight=1.0, seen=1.0, start=None, length=one.seconds) for one in videos]
    trial = measure(Store(str(out)), tuple(whole), checked.recipe, Clock())
    tried = dict(zip((video.video.id for video in videos), trial.tried, strict=True))
    truth = {name: sum(getattr(one, name) for one in trial.tried) for name in ASKED}
    found: dict[str, list[Figure]] = {name: [] for name in ASKED}
    seconds = []
    for seed in range(draws):
        units = tuple(replace(unit, start=None) for unit in draw(videos, checked.recipe.plan, seed))
        seconds.append(sum(unit.length for unit in units))
        totals = Totals.of(videos, replace(trial, units=units, tried=tuple(tried[u.candidate.video.id] for u in units)))
        for name, goes_with in ASKED.items():
            found[name].append(totals.figure((getattr(one, name) for one in totals.tried), goes_with))
    table = Table(title=f"{draws} samples of {np.mean(seconds) / 60:.1f} minutes", title_justify="left")
    for heading in ("", "5%", "25%", "median", "75%", "95%", "within 25%", "intervals that hold it"):
        table.add_column(heading, no_wrap=True)
    for name, figures in found.items():
        ratios = np.array([figure.value / truth[name] for figure in figures])
        ends = (f"{ratio:.2f}" for ratio in np.quantile(ratios, (0.05, 0.25, 0.5, 0.75, 0.95)))
        held = np.mean([figure.low <= truth[name] <= figure.high for figure in figures])
        table.add_row(name, *ends, f"{np.mean(abs(ratios - 1) <= 0.25):.0%}", f"{held:.0%}")
    findings.table(table)


if __name__ == "__main__":
    main()
