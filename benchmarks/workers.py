"""What Dask costs, and what a second worker is worth.

    python benchmarks/workers.py FOLDER [--repeat N]
    python benchmarks/workers.py --items 100000

FOLDER holds videos; `+experiment=split splitter=adaptive embedder=histogram` decodes and encodes them, each with one
thread, by runtime=local and by runtime=dask with one and two workers, in turn. Threads are pinned: a command has as
many cores as workers, so that what one worker does beside its work (encode while it decodes) does not count as a
second one. Two commands of runtime=local at the same time, with half of the videos and one core each, are the limit:
cores that share caches and memory are slower together. Medians of N, beside the load of the machine when each began;
every second turn goes the other way round:

work    seconds from the first video begun to the last ended, of the journal
wall    seconds of the whole command
CPU     user and system seconds of the whole command, with all its children
steady  of each video the median of its CPU-seconds, and of those beside videos, in sum: where others slow the machine
        down for half a minute, that spoils some videos of one turn, not the sum

--items instead sends so many synthetic records through two workers, and prints what this process, which holds client
and scheduler, takes up in the meantime.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

from rich.table import Table

from benchmarks.findings import Findings, add_json

LIMIT = "2 x local"
KINDS = {
    "local": (1, ["runtime=local"]),
    "dask, 1 worker": (1, ["runtime=dask", "runtime.workers=1"]),
    "dask, 2 workers": (2, ["runtime=dask", "runtime.workers=2"]),
    LIMIT: (1, ["runtime=local"]),
}
"""Cores and options of each command."""
ENVIRONMENT = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took.

    Attributes:
        work: seconds from the first video begun to the last ended.
        wall: seconds of the command.
        cpu: CPU-seconds of it and all its children.
        load: of the machine as it began, the average of a minute.
        videos: CPU-seconds of each, by the thread that had it.
    """

    work: float
    wall: float
    cpu: float
    load: float
    videos: dict[str, float]


def pinned(cores: list[int]) -> None:
    """Keep this process and those it starts to these cores, where the system can."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def split(folders: dict[Path, Path], runtime: list[str], width: int = 1) -> Cost:
    """Run a command for each folder, all at the same time, on the next cores each.

    Args:
        folders: of videos, and where the dataset of each goes.
        runtime: its options.
        width: cores of a command.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    load, began, before = os.getloadavg()[0], time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    running = []
    for number, (folder, out) in enumerate(folders.items()):
        pinned(cores[number * width : (number + 1) * width])
        running.append(subprocess.Popen(command(folder, out, runtime), stdout=PIPE, stderr=STDOUT, env=ENVIRONMENT))
    pinned(cores)
    for process in running:
        said, _ = process.communicate()
        if process.returncode:
            sys.exit(said.decode(errors="replace"))
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = [items(out) for out in folders.values()]
    videos = {item["video"]: item["cpu_seconds"] for one in found for item in one}
    return Cost(max(worked(one) for one in found), wall, cpu, load, videos)


def command(folder: Path, out: Path, runtime: list[str]) -> list[str]:
    """The split of a folder."""
    return [
        sys.executable, "-m", "vidcurate", "+experiment=split", f"source.path={folder}", f"out={out}",
        "splitter=adaptive", "embedder=histogram", "filter=[]", "captioner=none", "preview=none",
        f"hydra.run.dir={out}.hydra", *runtime,
    ]  # fmt: skip


def halves(folder: Path, scratch: Path) -> list[Path]:
    """Two folders with every second video of one."""
    found = [scratch / "even", scratch / "odd"]
    for number, video in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        half = found[number % 2]
        half.mkdir(exist_ok=True)
        (half / f"{number}{video.suffix}").symlink_to(video)
    return found


def items(out: Path) -> list[dict[str, Any]]:
    """What the journal says of each video."""
    (journal,) = (out / "logs").glob("*.jsonl")
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [event for event in events if event["event"] == "item"]


def worked(found: list[dict[str, Any]]) -> float:
    """Seconds from the first item begun to the last ended."""
    return max(item["began"] + item["seconds"] for item in found) - min(item["began"] for item in found)


def steady(runs: list[Cost]) -> float:
    """CPU-seconds: of each video the median, and so of what is beside videos."""
    beside = statistics.median(run.cpu - sum(run.videos.values()) for run in runs)
    return beside + sum(statistics.median(run.videos[video] for run in runs) for video in runs[0].videos)


def table(costs: dict[str, list[Cost]]) -> Table:
    """Medians, and how they compare."""
    shown = Table(
        *("", "work s", "wall s", "CPU s", "steady", "load"),
        title="splitter=adaptive embedder=histogram",
        title_justify="left",
    )
    for name, runs in costs.items():
        figures = [median(runs, figure) for figure in ("work", "wall", "cpu")]
        shown.add_row(name, *(f"{figure:.1f}" for figure in (*figures, steady(runs), median(runs, "load"))))
    return shown


def median(runs: list[Cost], name: str) -> float:
    """Of one of their figures."""
    return statistics.median(getattr(run, name) for run in runs)


def ratios(costs: dict[str, list[Cost]]) -> dict[str, float]:
    """What a second worker and a second command gain at the work, and the overhead of Dask."""
    local, one, two, limit = costs.values()
    return {
        "speed-up of a second worker": median(one, "work") / median(two, "work"),
        "speed-up of a second command": median(local, "work") / median(limit, "work"),
        "overhead of Dask": steady(one) / steady(local) - 1,
    }


def compared(costs: dict[str, list[Cost]]) -> str:
    """The ratios, in words."""
    _, one, two, _ = costs.values()
    worker, command, overhead = ratios(costs).values()
    return (
        f"two workers against one: {worker:.2f} times as fast at the work, "
        f"{median(one, 'wall') / median(two, 'wall'):.2f} with start and end\n"
        f"two commands against one: {command:.2f} times as fast at the work\n"
        f"dask with one worker against local: {overhead:+.1%} CPU-seconds"
    )


def record(number: int) -> dict[str, object]:
    """What a worker says of a synthetic video."""
    return {"key": f"{number:032x}", "clips": [{"start": start, "end": start + 5.0} for start in range(8)]}


def resident() -> float:
    """MiB of memory that this process takes up."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() / 2**20


def sizes(count: int, workers: int = 2) -> Iterator[tuple[int, float]]:
    """Records that have come back, and MiB taken up by then; ten times."""
    from vidcurate.runtime.dask import Dask

    for done, _ in enumerate(Dask(workers=workers).map(record, range(count)), 1):
        if not done % max(1, count // 10):
            yield done, resident()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--items", type=int)
    add_json(parser)
    arguments = parser.parse_args()
    findings = Findings(arguments.json)
    if arguments.items:
        began = time.perf_counter()
        for done, size in sizes(arguments.items):
            findings.line(f"{done:9d} records {size:7.1f} MiB {time.perf_counter() - began:7.1f} s")
        return
    if arguments.folder is None or not arguments.folder.is_dir():
        parser.error(f"FOLDER={arguments.folder} is no folder of videos")
    costs: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
    folder = arguments.folder.resolve()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        parts = halves(folder, scratch)
        for turn in range(arguments.repeat):
            for number, kind in list(enumerate(KINDS))[:: -1 if turn % 2 else 1]:
                width, runtime = KINDS[kind]
                folders = parts if kind == LIMIT else [folder]
                outs = {part: scratch / f"{turn}-{number}-{part.name}" for part in folders}
                costs[kind].append(split(outs, runtime, width))
    findings.table(table(costs))
    for line in compared(costs).splitlines():
        findings.line(line)
    for what, ratio in ratios(costs).items():
        findings.figure(what, ratio)


if __name__ == "__main__":
    main()
