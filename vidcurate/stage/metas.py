"""One JSON per clip with the field names of NeMo Curator's `metas/v0`; every path in it is relative."""

from __future__ import annotations

from typing import Any

from vidcurate.stage.record import Record, Row
from vidcurate.store.files import Store

FOLDER = "metas/v0"
MOTION = {("motion_vectors", "global_mean"): "global_mean", ("motion_vectors", "patch_min"): "per_patch_min_256"}
"""Scores that the reference keeps together in `motion_score`."""


def write_metas(store: Store, record: Record) -> None:
    """Write the metadata of every clip of a video."""
    for clip in record.clips:
        store.write_json(f"{FOLDER}/{clip['clip_id']}.json", meta(record, clip))


def meta(record: Record, clip: dict[str, Any]) -> dict[str, Any]:
    """The metadata of one clip."""
    name = clip["clip_id"]
    captions = [row for row in record.captions if row["clip_id"] == name]
    return {
        "span_uuid": name,
        "source_video": record.video["uri"],
        "video_uuid": record.video["video_id"],
        "duration_span": [clip["start"], clip["end"]],
        "width_source": record.video["width"],
        "height_source": record.video["height"],
        "framerate_source": record.video["fps"],
        "clip_location": f"clips/{name}.mp4",
        "width": clip["width"],
        "height": clip["height"],
        "framerate": clip["fps"],
        "num_frames": clip["num_frames"],
        "video_codec": clip["codec"],
        "num_bytes": clip["num_bytes"],
        "windows": [_window(row) for row in captions],
        "has_caption": any(row["caption"] for row in captions),
        "total_prompt_tokens": sum(row["prompt_tokens"] for row in captions),
        "total_output_tokens": sum(row["output_tokens"] for row in captions),
        "errors": [],
        "valid": clip["num_bytes"] > 0 and clip["num_frames"] > 0,
    } | _scores([row for row in record.scores if row["clip_id"] == name])


def _scores(rows: list[Row]) -> dict[str, Any]:
    """Scores of one clip, under the names of the reference where it has one."""
    found: dict[str, Any] = {}
    for row in rows:
        measure = row["filter"], row["score"]
        if measure in MOTION:
            found.setdefault("motion_score", {})[MOTION[measure]] = row["value"]
        else:
            name = "motion_difference" if row["filter"] == "motion" else "_".join(dict.fromkeys(measure))
            found[f"{name}_score"] = row["value"]
    return found


def _window(row: Row) -> dict[str, Any]:
    model = row["captioner"]
    window = {
        "start_frame": row["start_frame"],
        "end_frame": row["end_frame"],
        f"{model}_caption": row["caption"],
        f"{model}_prompt_tokens": row["prompt_tokens"],
        f"{model}_output_tokens": row["output_tokens"],
        "caption_failure_reason": row["failure"],
    }
    enhanced = {f"{row['enhancer']}_enhanced_caption": row["enhanced_caption"]} if row["enhanced_caption"] else {}
    return window | enhanced
