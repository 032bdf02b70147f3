"""The control plane at any size: what listing, records, scheduling, settling and planning cost, without any media.

    python -m benchmarks.scale [--videos 1000 10000] [--clips 20] [--dim 16] [--part listing ledger ...] [--folder DIR]

Every part is done on synthetic data of each size by a process of its own, which has made nothing and imported all it
needs before the clock starts. A line gives its CPU-seconds (children too), seconds, peak of resident memory, and what
that is per unit; `growth` is the slope between the logarithms of two sizes: 1 is linear. Units are videos, or clips
where a part is about clips. Files are made in a temporary folder, below TMPDIR or `--folder`; a million records of 20
clips take 25 GB there.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks.findings import Findings, add_json
from benchmarks.handover import decided, planned
from benchmarks.synthetic import recipe, records, tables, videos, write_records, write_tables, write_vectors
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes
from vidcurate.source.folder import Folder
from vidcurate.stage.inputs import identify
from vidcurate.stage.ledger import known_briefs, read_ledger, record_stamps, write_ledger
from vidcurate.stage.named import read_named, write_named
from vidcurate.stage.record import Record, missing, wanted
from vidcurate.stage.settle import read_tables, settle
from vidcurate.stage.vectors import load_vectors
from vidcurate.store.files import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is.

    Attributes:
        folder: where it lies.
        videos: how many.
        clips: of each.
        dim: of vectors.
    """

    folder: Path
    videos: int
    clips: int
    dim: int

    @property
    def store(self) -> Store:
        """The dataset."""
        return Store(str(self.folder / "dataset"))


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Records that are made while they are iterated, as `stage.record.Records` reads them."""

    size: Size

    def __iter__(self) -> Iterator[Record]:
        return records(videos(self.size.videos), self.size.clips, recipe())


def nothing(size: Size) -> None:
    """Prepare nothing."""


def many_files(size: Size) -> None:
    """A folder of tiny videos that were named before."""
    for number in range(size.videos):
        path = size.folder / "videos" / f"{number // 1000:04d}" / f"{number:07d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number)
    time.sleep(2.1)  # what has just changed is not remembered
    write_named(size.store, {}, identify(Folder(path=str(size.folder / "videos"))).known, ())


def listing(size: Size) -> int:
    """List a source and know every video by its stamp."""
    return identify(Folder(path=str(size.folder / "videos")), read_named(size.store)).count


def write(size: Size) -> int:
    """Commit every video, one record each."""
    write_records(size.store, Synthetic(size))
    return size.videos


def committed(size: Size) -> None:
    """Records without a ledger."""
    write(size)


def read(size: Size) -> int:
    """Know every record by reading it, as after a kill."""
    return len(known_briefs(size.store, {}, record_stamps(size.store)))


def entered(size: Size) -> None:
    """Records and their ledger."""
    write(size)
    time.sleep(2.1)  # what has just changed is not entered
    stamps = record_stamps(size.store)
    write_ledger(size.store, known_briefs(size.store, {}, stamps), stamps, {})


def ledger(size: Size) -> int:
    """Know every record by the ledger and a listing, and that there is nothing to do."""
    made_from, stamps = wanted(recipe()), record_stamps(size.store)
    briefs = known_briefs(size.store, read_ledger(size.store), stamps)
    return sum(not missing(briefs[video], made_from) for video in briefs)


def done(number: int) -> int:
    """As little work as a task can be."""
    return number


def scheduled(runtime: Runtime) -> Callable[[Size], int]:
    """Map a task that does nothing over as many items as there are videos."""
    return lambda size: sum(1 for _ in runtime.map(done, range(size.videos)))


def settling(size: Size) -> int:
    """Write all tables from the records."""
    settle(size.store, Synthetic(size), recipe())
    return size.videos * size.clips


def split_tables(size: Size) -> None:
    """The tables that a split leaves."""
    write_tables(size.store, size.videos, size.clips, recipe())


def split_vectors(size: Size) -> None:
    """Tables and vectors."""
    split_tables(size)
    write_vectors(size.store, size.videos * size.clips, size.dim, recipe())


def decided_tables(size: Size) -> None:
    """Tables, and decisions about their clips."""
    split_tables(size)
    parts = tables(size.videos, size.clips)
    size.store.write_table("decisions.parquet", pa.concat_tables(part["decisions"] for part in parts))


def hand_over(size: Size) -> int:
    """Take over what dedup compares, ids of the clips that pass and their vectors as one matrix; decide by pairs."""
    clips = read_tables(size.store, but=["hashes", "scores"]).clips
    only = clips["clip_id"].filter(clips["kept"]).combine_chunks()
    vectors = load_vectors(size.store.path(recipe().embedder.folder), only=only)
    return decided(size.store, vectors)["clips"]


def shard_plan(size: Size) -> int:
    """Divide the clips that dedup keeps among subsets and shards, and say of all others why they are in none."""
    known, decisions = read_tables(size.store, but=["hashes"]), size.store.read_table("decisions.parquet")
    return planned(known, decisions)["clips"]


PARTS: dict[str, tuple[Callable[[Size], None], Callable[[Size], int], str]] = {
    "listing": (many_files, listing, "videos"),
    "write": (nothing, write, "videos"),
    "read": (committed, read, "videos"),
    "ledger": (entered, ledger, "videos"),
    "local": (nothing, scheduled(Local()), "videos"),
    "processes": (nothing, scheduled(Processes(workers=2)), "videos"),
    "settle": (nothing, settling, "clips"),
    "hand-over": (split_vectors, hand_over, "clips"),
    "shard plan": (decided_tables, shard_plan, "clips"),
}
"""Preparation, work and unit of each part."""
HEADER = f"{'part':10} {'units':>16} {'CPU-s':>8} {'wall s':>8} {'peak MiB':>8} {'us/unit':>8} {'B/unit':>8}  growth"


def main() -> None:
    """Do each part at each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--clips", type=int, default=20, help="of each video")
    parser.add_argument("--dim", type=int, default=16, help="of vectors")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--do", choices=("prepare", "work"), help=argparse.SUPPRESS)
    add_json(parser)
    given = parser.parse_args()
    if given.do:
        size = Size(folder=given.folder, videos=given.videos[0], clips=given.clips, dim=given.dim)
        child(*PARTS[given.part[0]][:2], size, given.do)
        return
    findings = Findings(given.json)
    findings.line(HEADER)
    for part in given.part:
        before: dict[str, float] = {}
        for count in sorted(given.videos):
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.scale",
                    "--folder",
                    folder,
                    "--videos",
                    str(count),
                    "--part",
                    part,
                ]
                command += ["--clips", str(given.clips), "--dim", str(given.dim)]
                subprocess.run([*command, "--do", "prepare"], check=True)
                ended = subprocess.run([*command, "--do", "work"], check=True, stdout=subprocess.PIPE, text=True)
            found = json.loads(ended.stdout.splitlines()[-1])
            findings.line(line(part, PARTS[part][2], found, before))
            if before:
                findings.figure(f"growth {part}", slope(found, before))
            before = found


def child(prepare: Callable[[Size], None], work: Callable[[Size], int], size: Size, what: str) -> None:
    """Prepare, or work and print what that took."""
    if what == "prepare":
        prepare(size)
        return
    held, began, cpu = memory("VmRSS"), time.perf_counter(), cpu_seconds()
    units = work(size)
    took = {"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - began}
    print(json.dumps({"units": units, "peak": memory("VmHWM"), "held": held, **took}))


def line(part: str, unit: str, found: dict[str, float], before: dict[str, float]) -> str:
    """One row of the table."""
    units, more = found["units"], found["peak"] - found["held"]
    growth = ""
    if before and units != before["units"]:
        growth = f"{slope(found, before):.2f}"
    return (
        f"{part:10} {units:>9} {unit:6} {found['cpu']:8.2f} {found['wall']:8.2f} {found['peak'] / 2**20:8.0f} "
        f"{1e6 * found['cpu'] / units:8.2f} {more / units:8.0f}  {growth}"
    )


def slope(found: dict[str, float], before: dict[str, float]) -> float:
    """Growth of CPU-seconds between two sizes; 1 is linear."""
    return math.log(found["cpu"] / before["cpu"]) / math.log(found["units"] / before["units"])


def cpu_seconds() -> float:
    """Of this process and of those of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def memory(name: str) -> int:
    """Bytes: `VmRSS` resident now, `VmHWM` at most so far; getrusage would count the parent's before exec."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(one.split()[1]) * 1024 for one in lines if one.startswith(name))


if __name__ == "__main__":
    main()
