"""The Arrow tables that pass between stages, each keyed by `clip_id` or `video_id` and written by one stage only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

VIDEOS = pa.schema(
    [
        ("video_id", pa.string()),
        ("uri", pa.string()),  # relative to the source
        ("status", pa.string()),  # processed, filtered, duplicate or failed
        ("reason", pa.string()),  # one word; empty when processed
        ("size_bytes", pa.int64()),
        ("license", pa.string()),  # empty where neither the source nor its settings say
        ("duration", pa.float64()),  # seconds
        ("width", pa.int32()),  # display size
        ("height", pa.int32()),
        ("fps", pa.float64()),
        ("num_frames", pa.int64()),  # decoded
        ("codec", pa.string()),
        ("pixel_format", pa.string()),
        ("audio_codec", pa.string()),
        ("bit_rate", pa.int64()),
        ("num_clips", pa.int32()),
        ("warnings", pa.list_(pa.string())),
    ]
)
CLIPS = pa.schema(
    [
        ("clip_id", pa.string()),
        ("video_id", pa.string()),
        ("uri", pa.string()),  # relative to the dataset; null for a dropped clip that keep_filtered=false removed
        ("start", pa.float64()),  # seconds of the source's own clock
        ("end", pa.float64()),
        ("duration", pa.float64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("fps", pa.float64()),
        ("num_frames", pa.int32()),
        ("codec", pa.string()),
        ("num_bytes", pa.int64()),
        ("has_audio", pa.bool_()),
        ("encoder", pa.string()),  # what wrote its frames
        ("cut_verified", pa.bool_()),  # its first and last frame, number of frames and lengths were checked
        ("kept", pa.bool_()),  # by the filters
        ("reason", pa.string()),
    ]
)
SCORES = pa.schema(
    [
        ("clip_id", pa.string()),
        ("filter", pa.string()),
        ("score", pa.string()),  # its name
        ("value", pa.float64()),
        ("kept", pa.bool_()),
        ("reason", pa.string()),
    ]
)
BOUNDS = pa.schema(
    [
        ("filter", pa.string()),
        ("key", pa.string()),  # the setting that holds the bound
        ("given", pa.string()),  # as the config has it: a number or a percentile such as p20
        ("value", pa.float64()),  # the number it came to; null for a percentile of no clips
    ]
)
CAPTIONS = pa.schema(
    [
        ("clip_id", pa.string()),
        ("start_frame", pa.int32()),
        ("end_frame", pa.int32()),  # last frame of the window
        ("captioner", pa.string()),
        ("caption", pa.string()),  # empty where there is none
        ("failure", pa.string()),  # why there is none; empty if nothing went wrong
        ("prompt_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("enhancer", pa.string()),
        ("enhanced_caption", pa.string()),  # empty where there is none
        ("enhancer_failure", pa.string()),
    ]
)
HASHES = pa.schema(
    [
        ("clip_id", pa.string()),
        ("duration", pa.float64()),
        ("content_hash", pa.string()),  # of the coded frames, whatever the container
        ("phash", pa.list_(pa.uint64())),  # of two frames a second, from the first on; 0 where the frame is flat
    ]
)
FAILURES = pa.schema(
    [
        ("video_id", pa.string()),
        ("uri", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
    ]
)
NEIGHBOURS = pa.schema([("id", pa.string()), ("max_id", pa.string()), ("cosine_sim_score", pa.float32())])
PAIRS = pa.schema(
    [
        ("id", pa.string()),  # of the clip that ranks before the other
        ("other_id", pa.string()),
        ("similarity", pa.float32()),
    ]
)
RECALL = pa.schema(
    [
        ("id", pa.string()),  # of a sampled clip
        ("other_id", pa.string()),
        ("similarity", pa.float32()),
        ("listed", pa.bool_()),  # in PAIRS, in either direction
    ]
)
ORDER = pa.schema(
    [
        ("id", pa.string()),
        ("rank", pa.int64()),  # smaller is kept first
        ("source", pa.int32()),  # equal for clips of one video; null where that is not known
        ("stands", pa.int64()),  # row of the clip that was compared in its place, most often itself
        ("reason", pa.string()),  # exact_copy or perceptual_copy of that clip; empty otherwise
    ]
)
KNOWN = pa.schema(
    [
        ("id", pa.string()),
        ("max_id", pa.string()),  # of the nearest clip of the reference
        ("similarity", pa.float32()),  # cosine
    ]
)
DECISIONS = pa.schema(
    [
        ("id", pa.string()),
        ("kept", pa.bool_()),
        ("witness_id", pa.string()),  # the clip it duplicates; null when kept, or dropped by a person
        ("similarity", pa.float32()),
        ("group_id", pa.string()),  # the kept clip at the root of the chain of witnesses; itself if a person dropped it
        ("reason", pa.string()),
    ]
)
DROPPED = pa.schema(
    [
        ("id", pa.string()),  # null where the row has none
        ("file", pa.string()),
        ("reason", pa.string()),
    ]
)
DROPS = pa.schema(
    [
        ("id", pa.string()),  # of a clip that was cut and is in no shard
        ("video_id", pa.string()),
        ("source_video", pa.string()),  # where that video lies, relative to the source
        ("stage", pa.string()),  # filter, dedup, review or shard
        ("reason", pa.string()),
        ("witness_id", pa.string()),  # the clip it duplicates; null unless dedup dropped it
        ("similarity", pa.float32()),
    ]
)


def table(schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of a schema; a key that the schema lacks is an error, a missing one becomes null."""
    collected = list(rows)
    unknown = {key for row in collected for key in row} - set(schema.names)
    if unknown:
        raise KeyError(f"no such column: {sorted(unknown)}; columns: {schema.names}")
    return pa.Table.from_pylist(collected, schema=schema)


def vectors_table(ids: list[str] | pa.Array, vectors: NDArray[np.float32]) -> pa.Table:
    """VECTORS: `id` and `embedding`, a list of float32 as NeMo Curator's readers expect it.

    Args:
        ids: n clip ids.
        vectors: float32 [n, dim].
    """
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * (vectors.shape[1] if len(ids) else 0)
    embedding = pa.ListArray.from_arrays(pa.array(offsets), pa.array(vectors.reshape(-1)))
    return pa.table({"id": pa.array(ids, pa.string()), "embedding": embedding})
