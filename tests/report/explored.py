"""A dataset of tables, vectors and a journal alone, made in no time, whose figures are known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vidcurate.report import write_report
from vidcurate.store.commit import commit
from vidcurate.store.files import Store
from vidcurate.table import CAPTIONS, CLIPS, DECISIONS, SCORES, VIDEOS, table, vectors_table

NASTY = "it's <script>alert('1')</script> & \"ü\".mp4"
VIDEO_COUNT = 8
SPANS = ((0.0, 8.0), (8.0, 15.0), (15.0, 20.0), (25.0, 40.0), (41.0, 50.5))
"""Of the clips of each video, which lasts a minute: the first three touch."""
ANIMALS = ("dog", "cat", "horse", "bird", "cow")
BEGAN = 1_790_000_000.0


def uri(video: int) -> str:
    return NASTY if video == 5 else f"day{video % 2}/ride-{video}.mp4"


def clip_id(video: int, place: int) -> str:
    return f"clip-{video}-{place}"


def fate(video: int, place: int) -> tuple[str, str]:
    """The fourth clip of each video is static; the first one of the later videos is that of an earlier one."""
    if place == 3:
        return "filtered", "too_static"
    return ("duplicate", "semantic_duplicate") if video >= 4 and place == 0 else ("kept", "")


def caption(video: int, place: int) -> str:
    extra = " <b>bold</b>" if (video, place) == (1, 1) else ""
    return f"A {ANIMALS[place]} crosses the street, take {video}{extra}."


def all_clips() -> list[tuple[int, int]]:
    return [(video, place) for video in range(VIDEO_COUNT) for place in range(len(SPANS))]


def write_dataset(root: Path) -> Path:
    """Write it, and its report."""
    store = Store(str(root))
    store.write_table("tables/videos/part-0.parquet", table(VIDEOS, map(_video, range(VIDEO_COUNT))))
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, (_clip(*one) for one in all_clips())))
    store.write_table("tables/scores/part-0.parquet", table(SCORES, (_score(*one) for one in all_clips())))
    said = (
        {"clip_id": clip_id(*one), "captioner": "vlm", "start_frame": 0, "caption": caption(*one)}
        for one in all_clips()
    )
    store.write_table("tables/captions/part-0.parquet", table(CAPTIONS, said))
    rows = table(DECISIONS, (_decision(*one) for one in all_clips() if fate(*one)[0] != "filtered"))
    store.write_table("semantic/decisions/eps=0.05/part-0.parquet", rows)
    for video, matrix in enumerate(vectors()):
        names = [clip_id(video, place) for place in range(len(SPANS))]
        store.write_table(f"histogram_embd_parquet/video-{video}.parquet", vectors_table(names, matrix))
    commit(store, "tables", "made", embeddings="histogram_embd_parquet")
    lines = "\n".join(map(json.dumps, events()))
    store.write("logs/20260101T000000Z-1a2b3c4d.jsonl", lines.encode())
    write_report(store, {"dedup": {"eps": 0.05}})
    return root


def vectors() -> np.ndarray[Any, np.dtype[np.float32]]:
    """float32 [videos, clips, 16]."""
    random = np.random.default_rng(7)
    return (random.normal(size=(VIDEO_COUNT, 1, 16)) + random.normal(size=(VIDEO_COUNT, 5, 16))).astype(np.float32)


def events() -> Iterator[dict[str, Any]]:
    """A run of two minutes: one worker is at a video after the other all the time, the other one half of it at one."""
    yield {"event": "run", "time": BEGAN, "run": "1a2b3c4d", "host": "login", "runtime": "processes"}
    yield {"event": "step", "time": BEGAN, "step": "split", "state": "begun"}
    for video in range(VIDEO_COUNT - 1):
        yield from _told("a:1", 20.0 * video, 20.0, video) if video < 6 else _told("a:2", 0.0, 60.0, video)
    yield {"event": "end", "time": BEGAN + 120, "how": "done"}


def _told(worker: str, begin: float, seconds: float, video: int) -> Iterator[dict[str, Any]]:
    facts = {"time": BEGAN + begin + seconds, "video": f"video-{video}"}
    work = {"seconds": seconds, "cpu_seconds": seconds, "stages": {"decode": seconds / 2}}
    yield {"event": "item", "worker": worker, "gpu": None, "began": BEGAN + begin, **work, **facts}
    yield {"event": "video", "status": "processed", "reason": "", "duration": 60.0, "bytes": 1, "clips": 5, **facts}


def _video(video: int) -> dict[str, Any]:
    return {
        "video_id": f"video-{video}", "uri": uri(video), "status": "processed", "duration": 60.0, "width": 1280,
        "height": 720, "fps": 29.97, "codec": "h264" if video % 2 else "hevc", "num_clips": len(SPANS),
    }  # fmt: skip


def _clip(video: int, place: int) -> dict[str, Any]:
    start, end = SPANS[place]
    became, reason = fate(video, place)
    return {
        "clip_id": clip_id(video, place), "video_id": f"video-{video}", "start": start, "end": end, "uri": None,
        "duration": end - start, "width": 1280, "height": 720 if place else 960, "fps": 29.97, "codec": "h264",
        "num_frames": 100, "num_bytes": 1, "has_audio": False, "kept": became != "filtered",
        "reason": reason if became == "filtered" else "",
    }  # fmt: skip


def _score(video: int, place: int) -> dict[str, Any]:
    value = (video + 1) * (place + 1) / 10
    return {"clip_id": clip_id(video, place), "filter": "motion", "score": "motion", "value": value, "kept": place != 3}


def _decision(video: int, place: int) -> dict[str, Any]:
    kept = fate(video, place)[0] == "kept"
    row = {"id": clip_id(video, place), "kept": kept, "similarity": 0.5, "group_id": clip_id(video, place)}
    other = {"witness_id": clip_id(video - 4, 0), "similarity": 0.9875, "reason": "semantic_duplicate"}
    return row | {"reason": ""} | ({} if kept else other)
