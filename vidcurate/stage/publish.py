"""From finished clips to the dataset: files, vectors and metadata are put in place, and the record says so last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidcurate.recipe import Recipe
from vidcurate.records import CutClip, Video, VideoInfo
from vidcurate.stage.cut import Found
from vidcurate.stage.metas import FOLDER as METAS
from vidcurate.stage.metas import write_metas
from vidcurate.stage.observe import Observations
from vidcurate.stage.place import FILTERED, KEPT
from vidcurate.stage.record import Record, Row, wanted
from vidcurate.store.files import Store
from vidcurate.table import vectors_table
from vidcurate.timings import timed

AUDIO, PREVIEWS = "audio", "previews"
FILES = ((KEPT, "mp4"), (FILTERED, "mp4"), (METAS, "json"), (AUDIO, "wav"), (PREVIEWS, "webp"), (PREVIEWS, "jpg"))
"""Folder and suffix of every file that a clip may have."""


def deliver(store: Store, clips: Sequence[CutClip], seen: Observations) -> None:
    """Put the files of finished clips into the dataset."""
    with timed("write"):
        for clip in clips:
            store.put(Path(clip.path), f"{KEPT}/{clip.clip.id}.mp4")
            if (wav := Path(clip.path).with_suffix(".wav")).exists():
                store.put(wav, f"{AUDIO}/{clip.clip.id}.wav")
        _write_previews(store, seen)


def publish(
    store: Store,
    video: Video,
    info: VideoInfo,
    found: Found,
    clips: Sequence[CutClip],
    seen: Observations,
    recipe: Recipe,
) -> Record:
    """Put all that was seen in the clips of a video into the dataset; the record is left to the caller."""
    record = Record(
        key=video.id,
        video=_video(video, info, found, clips),
        made_from=wanted(recipe),
        clips=[_clip(clip) for clip in clips],
        scores=seen.scores,
        captions=seen.captions,
        hashes=seen.hashes,
    )
    with timed("write"):
        _write_vectors(store, record, seen, recipe)
        write_metas(store, record)
    return record


def publish_again(store: Store, known: Record, products: frozenset[str], seen: Observations, recipe: Recipe) -> Record:
    """Put what was made anew from finished clips into the dataset, beside what is still true."""
    names = {product.partition("/")[2] for product in products if product.startswith("score/")}
    record = replace(
        known,
        video=known.video | {"status": "processed", "reason": ""},
        failure=None,
        made_from=known.made_from | {product: wanted(recipe)[product] for product in products},
        scores=[row for row in known.scores if row["filter"] not in names] + seen.scores,
        captions=seen.captions if "enhanced_caption" in products else known.captions,
        hashes=seen.hashes if "hashes" in products else known.hashes,
    )
    with timed("write"):
        _write_previews(store, seen)
        _write_vectors(store, record, seen, recipe)
        write_metas(store, record)
    return record


def retire(store: Store, known: Record | None, record: Record) -> None:
    """Remove the files of clips that an earlier recipe had cut and this one has not, and of vectors without clips."""
    now = {clip["clip_id"] for clip in record.clips}
    for name in (clip["clip_id"] for clip in (known.clips if known else ()) if clip["clip_id"] not in now):
        for folder, suffix in FILES:
            store.remove(f"{folder}/{name}.{suffix}")
    if known is not None and known.clips and not record.clips:
        for folder in store.folders("_embd_parquet"):
            store.remove(f"{folder}/{record.key}.parquet")


def _write_previews(store: Store, seen: Observations) -> None:
    for name, data in seen.previews.items():
        store.write(f"{PREVIEWS}/{name}", data)


def _write_vectors(store: Store, record: Record, seen: Observations, recipe: Recipe) -> None:
    if seen.vectors is not None:
        names = [clip["clip_id"] for clip in record.clips]
        store.write_table(f"{recipe.embedder.folder}/{record.key}.parquet", vectors_table(names, seen.vectors))


def _video(video: Video, info: VideoInfo, found: Found, clips: Sequence[CutClip]) -> Row:
    return {
        "video_id": video.id,
        "uri": video.uri,
        "status": "processed" if clips else "filtered",
        "reason": "" if clips else "too_short",
        "size_bytes": video.size_bytes,
        "license": video.license,
        "duration": found.duration,
        "width": info.width,
        "height": info.height,
        "fps": info.fps,
        "num_frames": found.num_frames,
        "codec": info.codec,
        "pixel_format": info.pixel_format,
        "audio_codec": info.audio_codec,
        "bit_rate": info.bit_rate,
        "warnings": list(found.warnings),
    }


def _clip(cut: CutClip) -> dict[str, Any]:
    span, file = cut.clip.span, cut.file
    return {
        "clip_id": cut.clip.id,
        "video_id": cut.clip.video_id,
        "start": span.start_s,
        "end": span.end_s,
        "duration": span.duration,
        "width": file.width,
        "height": file.height,
        "fps": file.fps,
        "num_frames": file.num_frames,
        "codec": file.codec,
        "num_bytes": file.num_bytes,
        "has_audio": file.has_audio,
        "encoder": file.encoder,
        "cut_verified": True,  # a clip that cannot be proven is an error
    }
