"""Tables as split and dedup leave them, for the tests of what is packed: clips of 2 s at 320x176."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pyarrow as pa

from vidcurate.stage.settle import Tables
from vidcurate.table import BOUNDS, CAPTIONS, CLIPS, DECISIONS, FAILURES, HASHES, SCORES, VIDEOS, table

SHAPE = {"width": 320, "height": 176, "fps": 25.0, "num_frames": 50, "codec": "h264", "num_bytes": 1000}


def cut(
    clips: Mapping[str, str] | Iterable[str],
    *,
    filtered: Collection[str] = (),
    captions: Iterable[Mapping[str, Any]] = (),
    scores: Iterable[tuple[str, str, str, float]] = (),
) -> Tables:
    """Clips and the videos that they are of, `v1` if that is not said; the videos are `a/{video_id}.mp4`."""
    videos = dict(clips) if isinstance(clips, Mapping) else dict.fromkeys(clips, "v1")
    rows = [
        {"clip_id": clip, "video_id": video, "uri": f"clips/{clip}.mp4", "kept": clip not in filtered}
        | {"reason": "too_dark" if clip in filtered else ""}
        | {"start": 1.0, "end": 3.0, "duration": 2.0, "has_audio": False}
        | SHAPE
        for clip, video in videos.items()
    ]
    originals = [
        {"video_id": name, "uri": f"a/{name}.mp4", "status": "processed", "license": "CC-BY-4.0"}
        for name in dict.fromkeys(videos.values())
    ]
    copies = [{"video_id": row["video_id"], "uri": "copy.mp4", "status": "duplicate"} for row in originals[:1]]
    named = (dict(zip(("clip_id", "filter", "score", "value"), row, strict=True)) for row in scores)
    return Tables(
        videos=table(VIDEOS, originals + copies),
        clips=table(CLIPS, rows),
        scores=table(SCORES, named),
        bounds=BOUNDS.empty_table(),
        captions=table(CAPTIONS, captions),
        hashes=HASHES.empty_table(),
        failures=FAILURES.empty_table(),
    )


def decisions(witnesses: Mapping[str, str]) -> pa.Table:
    """`{"b": "a"}` drops b as a duplicate of a; `{"a": "a"}` keeps a. A witness that is no clip is known elsewhere."""
    return table(DECISIONS, (_decision(clip, witness, witnesses) for clip, witness in witnesses.items()))


def _decision(clip: str, witness: str, witnesses: Mapping[str, str]) -> dict[str, Any]:
    root = witness
    while witnesses.get(root, root) != root:
        root = witnesses[root]
    if clip == witness:
        return {"id": clip, "kept": True, "similarity": 0.5, "group_id": clip, "reason": ""}
    reason = "semantic_duplicate" if witness in witnesses else "known"
    fate = {"kept": False, "witness_id": witness, "similarity": 0.96875, "group_id": root, "reason": reason}
    return {"id": clip, **fate}
