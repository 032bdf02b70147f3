"""Runs the benchmarks one after the other and writes docs/performance.md: figures beside peers and targets.

    python benchmarks/run_all.py [FOLDER] [--quick] [--only NAME ...] [--again] [--out outputs/benchmarks]

FOLDER holds videos and labelled clips, see `corpora.py`; by default it is what VIDCURATE_CORPUS names, and without one
the samples that ship with vidcurate. Each benchmark is a process with a time limit; what it finds is a JSON file in
`--out`, from which the page is written after each. A second call does only what is missing, has failed or was killed,
so that a run may be stopped at any moment; `--again` does anew what is named. `--quick` takes small sizes, keeps its
findings apart, and ends within `--minutes` (20): what does not fit is left for the next call. Run it on a machine that
does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.corpora import Corpora
from benchmarks.machine import machine, versions
from benchmarks.page import write_page
from benchmarks.suite import SUITE, Benchmark

ROOT = Path(__file__).parents[1]
GRACE_S = 5
Say = Callable[[str], None]


def main() -> None:
    """Run what is missing; exit code 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus, names = os.environ.get("VIDCURATE_CORPUS"), [benchmark.name for benchmark in SUITE]
    parser.add_argument("folder", nargs="?", type=Path, default=Path(corpus) if corpus else None)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--again", action="store_true", help="also what is there already")
    parser.add_argument("--minutes", type=float, help="end after so many; by default 20 with --quick, else never")
    parser.add_argument("--out", type=Path, default=ROOT / "outputs" / "benchmarks", metavar="DIR")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "performance.md", metavar="FILE")
    given = parser.parse_args()
    minutes = given.minutes or (20 if given.quick else float("inf"))
    deadline = time.monotonic() + 60 * minutes
    size = {"videos": 4, "seconds": 12.0} if given.quick else {"videos": 6, "seconds": 60.0}
    folder = None if given.folder is None else given.folder.resolve()
    out = given.out.resolve() / ("quick" if given.quick else "full")
    out.mkdir(parents=True, exist_ok=True)
    corpora, failed = Corpora(given=folder, made=given.out.resolve() / "corpora", **size), False
    for benchmark in (benchmark for benchmark in SUITE if benchmark.name in given.only):
        file = out / f"{benchmark.name}.json"
        if deadline - time.monotonic() < GRACE_S:
            print(f"{benchmark.name}: no time left; the same command goes on here")
            continue
        arguments = filled(benchmark.arguments(given.quick), corpora)
        if arguments is None:
            print(f"{benchmark.name}: left out, this corpus has no labelled near-duplicates")
            continue
        if not given.again and done(file, arguments):
            print(f"{benchmark.name}: done before")
            continue
        ended = run(benchmark, arguments, file, min(benchmark.limit_s, deadline - time.monotonic()))
        failed |= ended == "failed"
        write_page(out, given.page)
    write_page(out, given.page)
    print(given.page)
    raise SystemExit(failed)


def filled(arguments: tuple[str, ...], corpora: Corpora) -> list[str] | None:
    """Arguments with paths of corpora in them; None where one is not to be had."""
    paths = [corpora.find(argument[1:-1]) if argument.startswith("{") else argument for argument in arguments]
    return None if None in paths else [str(path) for path in paths]


def done(file: Path, arguments: list[str]) -> bool:
    """Whether a benchmark has ended well with these arguments before."""
    if not file.is_file():
        return False
    known = json.loads(file.read_text(encoding="utf-8"))
    return known["ended"] == "done" and known["arguments"] == arguments


def run(benchmark: Benchmark, arguments: list[str], file: Path, limit_s: float) -> str:
    """Run one and write its findings.

    Returns:
        `done`, `failed` or `killed`, by the time limit.
    """
    print(f"{benchmark.name}: python -m benchmarks.{benchmark.name} {' '.join(arguments)}", flush=True)
    partial, log = file.with_suffix(".part"), file.with_suffix(".log")
    partial.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"benchmarks.{benchmark.name}", *arguments, "--json", str(partial)]
    environment = {name: value for name, value in os.environ.items() if name != "VIDCURATE_CORPUS"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    facts = {"machine": machine(), "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")}
    began, cpu = time.monotonic(), children()
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            ended = "failed" if process.wait(timeout=limit_s) else "done"
        except subprocess.TimeoutExpired:
            ended = "killed"
        finally:
            end(process)
    found = json.loads(partial.read_text(encoding="utf-8")) if partial.is_file() else {}
    found = {"tables": [], "lines": [], "figures": {}} | found
    facts |= {"name": benchmark.name, "arguments": arguments, "ended": ended, "versions": versions()}
    facts |= {"seconds": time.monotonic() - began, "cpu_seconds": children() - cpu, "limit_s": limit_s}
    if ended == "done" or not done_well(file):
        partial.write_text(json.dumps(facts | found, indent=1), encoding="utf-8")
        partial.replace(file)
    print(f"  {ended} after {facts['seconds']:.0f} s" + (f", see {log}" if ended == "failed" else ""), flush=True)
    return ended


def done_well(file: Path) -> bool:
    """Whether there are figures already that what has just failed should not take the place of."""
    return file.is_file() and json.loads(file.read_text(encoding="utf-8"))["ended"] == "done"


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a benchmark, with all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def children() -> float:
    """CPU-seconds of processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
