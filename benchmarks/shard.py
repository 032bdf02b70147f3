"""What it takes to pack clips into tars and to read them back, beside other ways: CPU-seconds and memory.

    python benchmarks/shard.py [--clips 1000] [--kib 500] [--folder CLIPS] [--target-mib 64] [--rounds 5]

Clips are made of random bytes, or copied from a folder, to where TMPDIR says; they come from the disk cache. All ways
take turns, each time in a process of its own that has imported all it needs, so that nothing counts but the work; a
figure is the median of its rounds. `vidcurate` counts everything after the tables are read: plan, tars, side-cars,
indices, records; `the tars alone` what ShardWriter does, which writes neither indices nor checksums. GNU tar and cat
write one file for all clips. Then two checks: that a run killed while it writes and run again, and a run on two
workers, leave the files that an undisturbed one does.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import itertools
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import tarfile
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes
from vidcurate.sharder.base import Sample
from vidcurate.sharder.plan import plan
from vidcurate.sharder.sidecar import read_member, read_sidecar
from vidcurate.sharder.tar import Tar, write_tar
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.shard import Whole, shard
from vidcurate.store.files import Store

PROCESSES = multiprocessing.get_context("forkserver")
FOLDER = WebDataset().folder


def main() -> None:
    """Write, read and check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000, help="how many are made")
    parser.add_argument("--kib", type=float, default=500, help="size of each")
    parser.add_argument("--folder", type=Path, help="take its *.mp4 instead")
    parser.add_argument("--target-mib", type=float, default=64, help="size of a shard")
    parser.add_argument("--rounds", type=int, default=5)
    add_json(parser)
    given = parser.parse_args()
    PROCESSES.set_forkserver_preload(["webdataset", "torch", "pandas", "pyarrow.parquet", "vidcurate.stage.shard"])
    with tempfile.TemporaryDirectory() as work:
        source, out = Path(work, "source"), Path(work, "out")
        count = gather(source, given.folder, given.clips, int(given.kib * 1024))
        target = int(given.target_mib * 1024**2)
        findings = Findings(given.json, width=120)
        writing(findings, source, out, target, given.rounds)
        for part in (count // 4, count):
            _, memory = timed(partial(ours, source, out, target, count=part), out)
            findings.line(f"vidcurate holds {memory / 1e6:.1f} MB more than at its start for {part} clips")
        ours(source, out, target)
        whole = contents(out)
        reading(findings, out, given.rounds)
        findings.line(f"read at random by the side-car: {same_clips(source, out)} of {count} clips as they were")
        shutil.rmtree(out)
        left = kill_half_way(source, out, target, count)
        ours(source, out, target)
        findings.line(f"killed -9 after {left} shards and run again: {verdict(out, whole)}")
        shutil.rmtree(out)
        ours(source, out, target, runtime=Processes(workers=2))
        findings.line(f"on two workers: {verdict(out, whole)}")


def gather(source: Path, folder: Path | None, clips: int, size: int) -> int:
    """Put clips into a folder, each with the .json and .txt of its sample beside it; return how many."""
    (source / "clips").mkdir(parents=True)
    if folder is not None:
        found = sorted(folder.glob("*.mp4"))
        for number, path in enumerate(found):
            shutil.copy(path, source / f"clips/{number:08d}.mp4")
    else:
        for number in range(clips):
            (source / f"clips/{number:08d}.mp4").write_bytes(np.random.default_rng(number).bytes(size))
    made = samples(source)
    for sample in made:
        path = source / sample.media
        path.with_suffix(".json").write_bytes(json.dumps(sample.metadata).encode())
        path.with_suffix(".txt").write_text(sample.caption, encoding="utf-8")
    return len(made)


def samples(source: Path, count: int | None = None) -> list[Sample]:
    """The clips of a folder as samples with metadata of the usual size."""
    made = []
    for path in sorted((source / "clips").glob("*.mp4"))[:count]:
        caption = f"{path.stem}: a cyclist rides along a canal at dusk while a barge passes by. " * 4
        facts = {"start": 12.345678, "end": 20.345678, "duration": 8.0, "width": 1280, "height": 720, "fps": 29.97}
        metadata = {
            "clip_id": path.stem,
            "video_id": "7d86b267-5797-5933-a8cd-ff6e32f8e28b",
            "source_video": "holiday/canals.mp4",
            "caption": caption,
            "scores": {"motion": 0.0123, "luma": 0.456, "blur": 123.4},
            **facts,
        }
        made.append(
            Sample(
                key=path.stem,
                media=f"clips/{path.name}",
                num_bytes=path.stat().st_size,
                width=1280,
                height=720,
                duration=8.0,
                source=metadata["video_id"],
                caption=caption,
                metadata=metadata,
            )
        )
    return made


def ours(source, out, target, checksums=True, count=None, runtime=None) -> None:
    """Shards by vidcurate."""
    sharder = WebDataset(bins=(), target_bytes=target, checksums=checksums)
    parts = plan(samples(source, count), sharder, 0)
    shard(Store(str(source)), Store(str(out)), parts, sharder, Whole(cut="cut"), runtime or Local())


def tars_alone(source, out, target) -> None:
    """The tars of vidcurate, unhashed, and nothing beside them: as much as ShardWriter writes."""
    out.mkdir()
    for part in plan(samples(source), WebDataset(bins=(), target_bytes=target), 0):
        write_tar(Store(str(source)), part.samples, out / f"{part.name}.tar", checksum=False)


def shard_writer(source, out, target, checksums=False) -> None:
    """Shards by webdataset."""
    from webdataset import ShardWriter

    out.mkdir()
    with ShardWriter(f"{out}/%06d.tar", maxsize=target, verbose=0) as sink:
        for sample in samples(source):
            clip = (source / sample.media).read_bytes()
            sink.write({"__key__": sample.key, "json": sample.metadata, "txt": sample.caption, "mp4": clip})
    if checksums:
        contents(out)


def by_tarfile(source, out, target) -> None:
    """One tar by Python's tarfile."""
    out.mkdir()
    with tarfile.open(out / "all.tar", "w") as tar:
        for sample in samples(source):
            for suffix, text in (("json", json.dumps(sample.metadata)), ("txt", sample.caption)):
                member = tarfile.TarInfo(f"{sample.key}.{suffix}")
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
            member = tarfile.TarInfo(f"{sample.key}.mp4")
            member.size = sample.num_bytes
            with (source / sample.media).open("rb") as clip:
                tar.addfile(member, clip)


def by_gnu_tar(source, out, target) -> None:
    """One tar by the program tar, from clips, .json and .txt on disk."""
    run(["tar", "-cf", out / "all.tar", "-C", source / "clips", "-T", "-"], source, out)


def by_cat(source, out, target) -> None:
    """All files one after the other, by the program cat: what copying costs."""
    run(["sh", "-c", f"cd {source}/clips && xargs cat > {out}/all"], source, out)


def run(command, source, out) -> None:
    """Run a program on the names of all files, sorted."""
    out.mkdir()
    names = sorted(path.name for path in (source / "clips").iterdir())
    subprocess.run(command, input="\n".join(names), text=True, check=True)


WRITERS = {
    "vidcurate": ours,
    "vidcurate, checksums=false": partial(ours, checksums=False),
    "vidcurate, the tars alone": tars_alone,
    "webdataset.ShardWriter": shard_writer,
    "webdataset.ShardWriter, then SHA-256": partial(shard_writer, checksums=True),
    "tarfile": by_tarfile,
    "GNU tar": by_gnu_tar,
    "cat": by_cat,
}


def by_webdataset(out) -> int:
    """Read every sample, undecoded."""
    from webdataset import WebDataset as Reader

    return sum(len(sample["mp4"]) for sample in Reader(tars(out), shardshuffle=False))


def from_tarfile(out) -> int:
    """Read every file."""
    total = 0
    for path in tars(out):
        with tarfile.open(path) as tar:
            for member in tar:
                content = tar.extractfile(member).read()
                total += len(content) * member.name.endswith(".mp4")
    return total


def from_sidecar(out, shuffled=False) -> int:
    """Read every file by its place."""
    return sum(len(clip) for *_, clip in files(out, shuffled))


def files(out, shuffled):
    """Key, metadata, caption and clip of every sample, by the side-cars."""
    store = Store(str(out))
    places = ["key", *(f"{extension}_{fact}" for extension in ("json", "txt", "mp4") for fact in ("offset", "size"))]
    rows = [
        (key, *row.values())
        for key in store.keys(FOLDER, ".tar")
        for row in read_sidecar(store, key.replace(".tar", ".parquet"), places).to_pylist()
    ]
    if shuffled:
        random.Random(0).shuffle(rows)
    for tar, key, *numbers in rows:
        yield key, *(read_member(store, tar, *place) for place in zip(numbers[::2], numbers[1::2], strict=True))


READERS = {
    "webdataset.WebDataset": by_webdataset,
    "tarfile": from_tarfile,
    "side-car, in order": from_sidecar,
    "side-car, at random": partial(from_sidecar, shuffled=True),
}


def writing(findings: Findings, source: Path, out: Path, target: int, rounds: int) -> None:
    """The table of writers."""
    size, count = sum(sample.num_bytes for sample in samples(source)), len(samples(source))
    works = {name: partial(write, source, out, target) for name, write in WRITERS.items()}
    found = interleaved(works, rounds, out)
    shown = Table(title=f"Writing {count} clips, {size / 1e6:.0f} MB; {rounds} rounds", title_justify="left")
    for name in ("", "CPU-s", "MB per CPU-s", "CPU of ShardWriter", "with SHA-256", "memory MB"):
        shown.add_column(name)
    plain, hashed = (found[f"webdataset.ShardWriter{what}"][0] for what in ("", ", then SHA-256"))
    for name, (cpu, memory) in found.items():
        of = (f"{other / cpu:.2f} x" for other in (plain, hashed))
        held = "-" if name in ("GNU tar", "cat") else f"{memory / 1e6:.1f}"
        shown.add_row(name, f"{cpu:.3f}", f"{size / 1e6 / cpu:.0f}", *of, held)
        findings.figure(f"ShardWriter of {name}", plain / cpu)
        findings.figure(f"ShardWriter with SHA-256 of {name}", hashed / cpu)
    findings.table(shown)


def reading(findings: Findings, out: Path, rounds: int) -> None:
    """The table of readers."""
    found = interleaved({name: partial(read, out) for name, read in READERS.items()}, rounds)
    count = sum(1 for _ in files(out, False))
    shown = Table(title=f"Reading {count} samples; {rounds} rounds", title_justify="left")
    for name in ("", "samples per CPU-s", "of webdataset", "memory MB"):
        shown.add_column(name)
    for name, (cpu, memory) in found.items():
        ratio = found["webdataset.WebDataset"][0] / cpu
        shown.add_row(name, f"{count / cpu:.0f}", f"{ratio:.2f} x", f"{memory / 1e6:.1f}")
        findings.figure(f"webdataset of {name}", ratio)
    findings.table(shown)


def interleaved(works, rounds, out=None) -> dict[str, tuple[float, float]]:
    """Medians of CPU-seconds and memory of each work; they take turns."""
    found = {name: [] for name in works}
    for _, name in itertools.product(range(rounds), works):
        found[name].append(timed(works[name], out))
    return {name: tuple(map(statistics.median, zip(*values, strict=True))) for name, values in found.items()}


def timed(work, out=None) -> tuple[float, int]:
    """CPU-seconds of a work and bytes of memory that it takes beside the interpreter; what it writes is removed."""
    with PROCESSES.Pool(1) as pool:
        found = pool.apply(_timed, (work,))
    if out is not None:
        shutil.rmtree(out)
    return found


def _timed(work) -> tuple[float, int]:
    cpu, memory = seconds(), peak()
    work()
    return seconds() - cpu, peak() - memory


def seconds() -> float:
    """CPU-seconds of this process and of the programs it has run."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def peak() -> int:
    """Bytes of memory that this process has held at most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def kill_half_way(source: Path, out: Path, target: int, count: int) -> int:
    """Kill a run within the tar of the middle clip; return how many shards it has left."""
    process = PROCESSES.Process(target=dying, args=(source, out, target, count // 2))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, process.exitcode
    return len(tars(out))


def dying(source, out, target, last) -> None:
    """Pack, and die once so many clips are in tars."""
    add, calls = Tar.add_clip, itertools.count()

    def add_or_die(tar, store, sample):
        if next(calls) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return add(tar, store, sample)

    Tar.add_clip = add_or_die
    ours(source, out, target)


def same_clips(source: Path, out: Path) -> int:
    """How many clips are read at random as they are on disk."""
    return sum(clip == (source / f"clips/{key}.mp4").read_bytes() for key, *_, clip in files(out, True))


def tars(out: Path) -> list[str]:
    """Paths of the shards."""
    return sorted(map(str, out.rglob("[0-9]*.tar")))


def contents(out: Path) -> dict[str, str]:
    """SHA-256 of every file, by its path."""
    found = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file() and ".staging-" not in str(path)):
        with path.open("rb") as file:
            found[str(path.relative_to(out))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def verdict(out: Path, whole: dict[str, str]) -> str:
    """Whether files are those of an undisturbed run."""
    now = contents(out)
    other = sorted(name for name in now.keys() | whole.keys() if now.get(name) != whole.get(name))
    return (
        f"{len(other)} of {len(whole)} files differ: {', '.join(other[:5])}"
        if other
        else f"{len(whole)} files identical"
    )


if __name__ == "__main__":
    main()
