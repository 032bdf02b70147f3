"""What NeMo Curator's split leaves, with the fields that its documentation lists, of clips of random bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def write_clip(root: Path, name: str, *, folder: str = "clips", num_bytes: int = 3000, **fields: Any) -> dict[str, Any]:
    """A clip of 8 s at 1280x720 with its meta; a field that is None is left out.

    Its `clip_location` is where it was written at first, on another machine.
    """
    data = np.random.default_rng(sum(name.encode())).bytes(num_bytes)
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / folder / f"{name}.mp4").write_bytes(data)
    window = {"start_frame": 0, "end_frame": 191, "qwen_caption": f"Clip {name}.", "qwen_prompt_tokens": 9}
    meta = {
        "span_uuid": name,
        "source_video": "/raid/videos/walk.mp4",
        "duration_span": [1.0, 9.0],
        "width_source": 1920,
        "height_source": 1080,
        "framerate_source": 24.0,
        "clip_location": f"/raid/out/{folder}/{name}.mp4",
        "width": 1280,
        "height": 720,
        "framerate": 24.0,
        "num_frames": 192,
        "video_codec": "h264",
        "num_bytes": num_bytes,
        "motion_score": {"global_mean": 0.5, "per_patch_min_256": 0.25},
        "aesthetic_score": 4.5,
        "errors": [],
        "windows": [window],
        "filtered_windows": [],
        "valid": True,
        "has_caption": True,
        "total_prompt_tokens": 9,
        "total_output_tokens": 0,
    }
    meta = {key: value for key, value in (meta | fields).items() if value is not None}
    (root / "metas" / "v0").mkdir(parents=True, exist_ok=True)
    (root / "metas" / "v0" / f"{name}.json").write_text(json.dumps(meta))
    return meta


def write_scores(folder: Path, *rows: tuple[str, str, float]) -> None:
    """A table of ids, nearest neighbours and scores of one cluster."""
    folder.mkdir(parents=True, exist_ok=True)
    names, nearest, scores = zip(*rows, strict=True)
    columns = {"id": names, "max_id": nearest, "cosine_sim_score": pa.array(scores, pa.float32())}
    pq.write_table(pa.table(columns), folder / "cluster_0.parquet")


def write_list(file: Path, *names: str) -> None:
    """A table of ids."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": pa.array(names, pa.string())}), file)


def write_vectors(root: Path, **vectors: tuple[float, ...]) -> None:
    """`iv2_embd_parquet`, lists of doubles as there."""
    (root / "iv2_embd_parquet").mkdir()
    table = pa.table({"id": list(vectors), "embedding": pa.array(list(vectors.values()), pa.list_(pa.float64()))})
    pq.write_table(table, root / "iv2_embd_parquet" / "video_0.parquet")
