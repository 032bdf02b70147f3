"""What the trial of a sample has yielded, read from the dataset that it made and from the journal of its run."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vidcurate.events import Event
from vidcurate.recipe import Recipe
from vidcurate.stage.decide import decisions_folder
from vidcurate.stage.place import FILTERED, KEPT
from vidcurate.stage.plan.sample import Unit
from vidcurate.stage.publish import AUDIO, PREVIEWS
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store
from vidcurate.telemetry.journal import is_log, journals, read_journal

PAGES = ("report.html", "advise.html", "run.json", "summary.json")
"""Files of a dataset whose size does not go with its clips."""


@dataclass(slots=True, kw_only=True)
class Tried:
    """What the trial of one unit yielded, not yet scaled to its video.

    Attributes:
        failure: why there is nothing; empty where it went well.
        clips: that were cut or looked at.
        clip_seconds: of them.
        kept: clips that pass the filters.
        kept_seconds: of them.
        media_bytes: of their files.
        kept_bytes: of the clips that pass.
        preview_bytes: of their previews, and of sound that has a file of its own.
        repeats: clips that pass and duplicate another of the same video.
        packed_bytes: of clips that pass and do not.
        seconds: of workers.
        cpu_seconds: of their main threads.
        stages: seconds by stage.
        first: whether a worker has begun with it.
    """

    failure: str = ""
    clips: int = 0
    clip_seconds: float = 0.0
    kept: int = 0
    kept_seconds: float = 0.0
    media_bytes: int = 0
    kept_bytes: int = 0
    preview_bytes: int = 0
    repeats: int = 0
    packed_bytes: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    stages: Counter[str] = field(default_factory=Counter)
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the work on the sample has shown.

    Attributes:
        units: that were tried; of long videos, as long as the stretch turned out.
        tried: what came of each, in the same order.
        steps: seconds of each step, and of this process's CPU without what items took of it.
        items: seconds of every item of split, in the order in which they began.
        workers: that had any.
        gpus: that they used.
        across: clips that duplicate one of another video of the sample.
        tables_bytes: of tables, records, metadata and vectors.
        shards_bytes: of shards and what lies beside them.
        pages_bytes: of the files in `PAGES`.
        pack_cpu_seconds: of the workers that wrote shards.
        dim: length of the vectors; 0 without any.
    """

    units: tuple[Unit, ...]
    tried: tuple[Tried, ...]
    steps: dict[str, tuple[float, float]]
    items: tuple[float, ...]
    workers: int
    gpus: int
    across: int
    tables_bytes: int
    shards_bytes: int
    pages_bytes: int
    pack_cpu_seconds: float
    dim: int


class Clock:
    """CPU seconds of this process in each step, by listening to a run."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self._since = 0.0

    def hear(self, event: Event) -> None:
        """Take note of a step that begins or ends."""
        if event["event"] == "step":
            now = time.process_time()
            if event["state"] == "ended":
                self.cpu[event["step"]] = now - self._since
            self._since = now


def measure(made: Store, units: tuple[Unit, ...], recipe: Recipe, clock: Clock) -> Trial:
    """Read what the trial of a sample has left.

    Args:
        made: the dataset that came of it.
        units: that were tried.
        recipe: what was done.
        clock: that has listened.
    """
    tables = read_tables(made, but=["scores", "captions", "hashes"])
    found = {row["uri"]: row for row in tables.videos.select(["uri", "video_id", "status"]).to_pylist()}
    messages = {row["video_id"]: row["message"].removeprefix(f"{row['uri']}: ") for row in tables.failures.to_pylist()}
    by_video: dict[str, Tried] = defaultdict(Tried)
    for name, message in messages.items():
        by_video[name].failure = message
    across = _add_clips(made, tables.clips.to_pylist(), recipe, by_video)
    events = [event for keys in journals(made)[:1] for event in read_journal(made, keys)]
    items = _add_times(events, by_video, clock.cpu)
    step_seconds = {event["step"]: event["seconds"] for event in events if "seconds" in event and "step" in event}
    sizes = made.sizes("")
    shards = sum(size for key, size in sizes.items() if key.startswith(f"{recipe.sharder.folder}/"))
    media = sum(size for key, size in sizes.items() if key.partition("/")[0] in (KEPT, FILTERED, AUDIO, PREVIEWS))
    pages = sum(sizes.get(key, 0) for key in PAGES)
    logs = sum(size for key, size in sizes.items() if is_log(key))
    tried = tuple(by_video[found[unit.candidate.video.uri]["video_id"]] for unit in units)
    return Trial(
        units=units,
        tried=tried,
        steps={name: (seconds, clock.cpu.get(name, 0.0)) for name, seconds in step_seconds.items()},
        items=items.seconds,
        workers=items.workers,
        gpus=items.gpus,
        across=across,
        tables_bytes=sum(sizes.values()) - shards - media - pages - logs,
        shards_bytes=shards,
        pages_bytes=pages,
        pack_cpu_seconds=items.pack_cpu,
        dim=_dim(made, recipe),
    )


def _add_clips(made: Store, clips: Sequence[dict[str, Any]], recipe: Recipe, by_video: dict[str, Tried]) -> int:
    """Add what became of the clips; how many duplicate a clip of another video."""
    sizes = made.sizes(PREVIEWS) | made.sizes(AUDIO)
    beside: Counter[str] = Counter()
    for key, size in sizes.items():
        beside[key.rpartition("/")[2].partition(".")[0]] += size
    video = {clip["clip_id"]: clip["video_id"] for clip in clips}
    key = f"{decisions_folder(recipe.dedup)}/part-0.parquet"
    dropped = made.read_table(key).to_pylist() if made.exists(key) else []
    witness = {row["id"]: row["witness_id"] for row in dropped if not row["kept"]}
    across = 0
    for clip in clips:
        one, name = by_video[clip["video_id"]], clip["clip_id"]
        one.clips += 1
        one.clip_seconds += clip["duration"]
        one.media_bytes += clip["num_bytes"] if clip["uri"] else 0
        one.preview_bytes += beside[name]
        if not clip["kept"]:
            continue
        one.kept += 1
        one.kept_seconds += clip["duration"]
        one.kept_bytes += clip["num_bytes"]
        if name in witness and video.get(witness[name]) == clip["video_id"]:
            one.repeats += 1
        else:
            one.packed_bytes += clip["num_bytes"]
            across += name in witness
    return across


@dataclass(frozen=True, slots=True, kw_only=True)
class _Items:
    seconds: tuple[float, ...]
    workers: int
    gpus: int
    pack_cpu: float


def _add_times(events: Sequence[Event], by_video: dict[str, Tried], cpu: dict[str, float]) -> _Items:
    """Add where the time of each video went; CPU that items took of this process is no step's."""
    step, split, packing = "", [], 0.0
    here = f"{socket.gethostname()}:{os.getpid()}"
    for event in events:
        if event["event"] == "step":
            step = event["step"]
        elif event["event"] == "item":
            own = event["worker"] == here
            if step == "split" and event["video"]:
                split.append(event)
            elif step == "shard":
                packing += event["cpu_seconds"]
            if own and step in cpu:
                cpu[step] = max(0.0, cpu[step] - event["cpu_seconds"])
    begun: set[str] = set()
    for event in sorted(split, key=lambda event: event["began"]):
        one = by_video[event["video"]]
        one.first |= event["worker"] not in begun
        begun.add(event["worker"])
        one.seconds += event["seconds"]
        one.cpu_seconds += event["cpu_seconds"]
        for stage, seconds in event["stages"].items():
            one.stages[stage] += seconds
        one.stages["other"] += max(0.0, event["seconds"] - sum(event["stages"].values()))
    seconds = tuple(event["seconds"] for event in sorted(split, key=lambda event: event["began"]))
    gpus = {event["gpu"] for event in split if event["gpu"]}
    return _Items(seconds=seconds, workers=len(begun), gpus=len(gpus), pack_cpu=packing)


def _dim(made: Store, recipe: Recipe) -> int:
    for key in made.keys(recipe.embedder.folder, ".parquet"):
        vectors = made.read_table(key)["embedding"]
        if len(vectors):
            return len(vectors[0])
    return 0
