"""Kills runs at random moments, runs them again, and compares what they end with: the bytes of an undisturbed run?

    python benchmarks/crash.py FOLDER [--kills 20] [--runtime local] [--seed 0] [OVERRIDE ...]

FOLDER holds videos. Every run is `vidcurate +experiment=curate` with the overrides, in a process group of its own that
is forked from a server which has imported the libraries, so that moments fall into the work. They are drawn from the
seconds that an undisturbed run takes. A kill is SIGKILL to the whole group; one that came after the end is drawn again.
Compared are all files but those that hold times and places (run.json, report.html, logs, stamps of inputs and records).

Exit code 1 where anything differs or a staging folder is left.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks.findings import Findings, add_json

PRELOADED = ["vidcurate.app", "vidcurate.run", "torch", "av", "matplotlib.figure", "jinja2"]
OF_THE_RUN = {
    "run.json",
    "report.html",
    "processed_videos/_named_ids",
    "processed_videos/_ledger",
    "processed_videos/_settled",
}
GRACE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One run that was killed, and the one after it.

    Attributes:
        moment: seconds from the start to the kill.
        records: videos that were committed by then.
        tables: folders of tables that were there.
        tars: shards that were there.
        staging: folders of files in the making that were left by the kill.
        seconds: that the second run took.
        differs: keys that are not those of an undisturbed run.
        left: folders of files in the making after the second run.
    """

    moment: float
    records: int
    tables: int
    tars: int
    staging: int
    seconds: float
    differs: tuple[str, ...]
    left: int


class Run:
    """A run in a process group of its own.

    Args:
        arguments: of the command.
        folder: where it runs and logs.
    """

    def __init__(self, arguments: Sequence[str], folder: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self.log = folder / "log"
        self._began = time.monotonic()
        self._process = context.Process(target=_work, args=(tuple(arguments), folder))
        self._process.start()

    def kill(self, moment: float) -> bool:
        """Kill the group after some seconds; whether there still was anything to kill."""
        self._process.join(max(0.0, moment + self._began - time.monotonic()))
        if self._process.exitcode is None:
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        self._process.join()
        return self._process.exitcode == -signal.SIGKILL

    def seconds(self) -> float:
        """How long it takes to its end.

        Raises:
            SystemExit: it fails.
        """
        self._process.join(GRACE)
        if self._process.exitcode != 0:
            raise SystemExit(f"exit code {self._process.exitcode}:\n{self.log.read_text()}")
        return time.monotonic() - self._began


def crash(arguments: Sequence[str], kills: int, seed: int, folder: Path) -> tuple[float, list[Kill]]:
    """Seconds of an undisturbed run, and what became of those that were killed.

    Args:
        arguments: of the command, without `out`.
        kills: how many.
        seed: of the moments.
        folder: an empty one.
    """
    Run([*arguments, "out=warm"], folder).seconds()  # starts the server and fills the caches of the disk
    seconds = Run([*arguments, "out=whole"], folder).seconds()
    whole, draw, ended = sums(folder / "whole"), random.Random(seed), []
    while len(ended) < kills:
        out, moment = folder / f"kill-{len(ended)}", draw.random() * seconds
        command = [*arguments, f"out={out.name}"]
        if Run(command, folder).kill(moment):
            ended.append(_after(command, folder, out, moment, whole))
        shutil.rmtree(out, ignore_errors=True)
    return seconds, ended


def sums(out: Path) -> dict[str, str]:
    """SHA-256 of the files of a dataset that do not depend on how it came to be."""
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    kept = {key: path for key, path in files.items() if key not in OF_THE_RUN and not key.startswith("logs/")}
    return {key: hashlib.sha256(path.read_bytes()).hexdigest() for key, path in kept.items()}


def _after(command: Sequence[str], folder: Path, out: Path, moment: float, whole: dict[str, str]) -> Kill:
    there = {
        "records": len(list(out.glob("processed_videos/*.json"))),
        "tables": len(list(out.glob("tables/*"))) + len(list(out.glob("semantic/*"))),
        "tars": len(list(out.rglob("*.tar"))),
        "staging": len(list(out.glob(".staging-*"))),
    }
    seconds, found = Run(command, folder).seconds(), sums(out)
    differs = tuple(sorted(key for key in found.keys() | whole.keys() if found.get(key) != whole.get(key)))
    return Kill(moment=moment, **there, seconds=seconds, differs=differs, left=len(list(out.glob(".staging-*"))))


def _work(arguments: tuple[str, ...], folder: Path) -> None:
    os.setsid()
    os.chdir(folder)
    with Path("log").open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        sys.stdout = sys.stderr = log
        sys.argv = ["vidcurate", *arguments]
        from vidcurate.command import main

        main()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--runtime", default="local")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("overrides", nargs="*")
    add_json(parser)
    given = parser.parse_intermixed_args()
    arguments = [
        "+experiment=curate", f"source.path={given.folder.absolute()}", f"runtime={given.runtime}", *given.overrides
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        seconds, kills = crash(arguments, given.kills, given.seed, Path(folder))
    table = Table(title=f"runtime={given.runtime}, {seconds:.1f} s undisturbed, {os.cpu_count()} cores")
    for name in ("kill at, s", "videos", "tables", "tars", "staging", "again, s", "the same bytes", "staging left"):
        table.add_column(name, justify="right")
    for kill in kills:
        same = f"no: {len(kill.differs)}, {kill.differs[0]}" if kill.differs else "yes"
        numbers = (kill.records, kill.tables, kill.tars, kill.staging)
        table.add_row(f"{kill.moment:.2f}", *map(str, numbers), f"{kill.seconds:.1f}", same, str(kill.left))
    findings = Findings(given.json, width=120)
    findings.table(table)
    findings.figure("killed runs that end with other bytes", sum(bool(kill.differs or kill.left) for kill in kills))
    raise SystemExit(any(kill.differs or kill.left for kill in kills))


if __name__ == "__main__":
    main()
