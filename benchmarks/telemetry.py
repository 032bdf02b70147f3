"""What it costs a run to write down what it tells: CPU of journal, metrics and table, by item, and the page after it.

    python benchmarks/telemetry.py [--items 10000] [--item-ms 50]

The runtime hands out synthetic items, each with the facts of a video of twelve stages, with and without anybody who
listens, in turn and three times; the least of each counts. What an item costs in a real run is many times `--item-ms`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.findings import Findings, add_json
from vidcurate.events import emit, step
from vidcurate.report import write_timeline
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.task import Done, Task
from vidcurate.store.files import Store
from vidcurate.telemetry import watched

STAGES = (
    "start", "fetch", "probe", "decode", "shots", "encode", "sample", "prove", "filter.motion", "embed", "hash",
    "write",
)  # fmt: skip


class Told(Runtime):
    """Says of every item at once what a worker would say."""

    def run(self, task: Task[int, str], items: Iterable[int], *, models: bool) -> Iterator[Done[str]]:
        """What became of every item."""
        stages = dict.fromkeys(STAGES, 0.123456789)
        for number in items:
            video = str(UUID(int=number))
            facts = {"worker": f"node:{number % 64}", "began": time.time(), "seconds": 1.5, "cpu_seconds": 1.2}
            yield Done(video, {**facts, "stages": stages, "video": video, "gpu": None})


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--item-ms", type=float, default=50.0)
    add_json(parser)
    given = parser.parse_args()
    spent: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        store.write("summary.json", b"{}")
        for listened in (False, True) * 3:
            spent[listened].append(measured(store, given.items, listened))
        cost = (min(spent[True]) - min(spent[False])) / given.items
        size = max(path.stat().st_size for path in Path(folder, "logs").glob("*.jsonl"))
        began = time.process_time()
        write_timeline(store)
        drawn, page = time.process_time() - began, Path(folder, "logs", "timeline.html").stat().st_size
    share, findings = cost / given.item_ms * 1e3, Findings(given.json)
    findings.line(f"{given.items:,} items: {cost * 1e6:.0f} us of CPU each, {100 * share:.2f} % of one that")
    findings.line(f"takes {given.item_ms:g} ms; {size / given.items:.0f} bytes of journal each")
    findings.line(f"timeline: {drawn:.2f} s of CPU, {page / 1e6:.2f} MB")
    findings.figure("share of an item", share)


def measured(store: Store, items: int, listened: bool) -> float:
    """CPU-seconds of one run."""
    metrics = str(Path(store.root, "vidcurate.prom"))
    watch: Any = watched(store, f"{time.time_ns():x}"[::-1], steps=["split"], runtime="told", metrics=metrics)
    began = time.process_time()
    with watch if listened else nullcontext(), step("split"):
        for video in Told().map(str, range(items)):
            emit("video", video=video, status="processed", reason="", duration=10.0, bytes=10**6, clips=3)
    return time.process_time() - began


if __name__ == "__main__":
    main()
