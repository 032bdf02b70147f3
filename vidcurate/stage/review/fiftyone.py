"""Datasets as FiftyOne loads them: one of the clips, and one of their sources with the clips as stretches of time.

    fiftyone.Dataset.from_dir("OUT/review/fiftyone", fiftyone.types.FiftyOneDataset)

FiftyOne is not needed to write them. Source: the layout `FiftyOneDataset` of https://docs.voxel51.com (user guide,
exporting): `metadata.json` with the fields, `samples.json`, both in MongoDB's extended JSON. The importer sets dates
and the ids of the dataset, brings version 1.0.0 up to its own, and takes relative paths from the folder or `rel_dir`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidcurate.stage.review.table import Shown
from vidcurate.stage.review.verdicts import REVIEWED, Review
from vidcurate.stage.samples import originals
from vidcurate.stage.settle import Tables, clips_store
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.files import Store

CLIPS, SOURCES = "review/fiftyone", "review/fiftyone_sources"
VERSION = "1.0.0"
"""Of the layout; any FiftyOne from then on reads it."""
FIELDS, LABELS = "fiftyone.core.fields", "fiftyone.core.labels"
TEXTS = ("clip_id", "video_id", "fate", "reason", "witness_id", "group_id", "source", "caption", "decision", "note")
NUMBERS = ("similarity", "start", "end", "duration")
METADATA = {
    "size_bytes": "Int", "mime_type": "String", "frame_width": "Int", "frame_height": "Int", "frame_rate": "Float",
    "total_frame_count": "Int", "duration": "Float", "encoding_str": "String",
}  # fmt: skip

Field = dict[str, Any]


def write_fiftyone(
    store: Store, tables: Tables, found: Shown, said: Review | None, embeddings: str | None = None
) -> dict[str, int]:
    """Write both datasets.

    Args:
        store: the dataset.
        tables: what split knows.
        found: its clips; those without a file cannot be shown and are left out.
        said: what a person has decided.
        embeddings: folder of the vectors that samples shall have; None gives them none.

    Returns:
        Number of samples in each.
    """
    source = clips_store(store)
    vectors = load_vectors(f"{source.url.rstrip('/')}/{embeddings}") if embeddings else None
    scores = {name: name.replace(".", "_") for name in found.scores}
    fields = [_field(name, "String") for name in TEXTS] + [_field(name, "Float") for name in NUMBERS]
    fields += [_field(name, "Float") for name in scores.values()]
    fields += [_field("embedding", "Vector")] if vectors is not None else []
    rows = (row for row in _rows(found.clips) if row["uri"])
    clips = (_clip(row, store, source, scores, said, vectors) for row in rows)
    return {
        "clips": _write(store, CLIPS, "clips", fields, clips),
        "sources": _write(store, SOURCES, "sources", _source_fields(), _sources(tables, found.clips)),
    }


def _clip(
    row: Mapping[str, Any],
    store: Store,
    source: Store,
    scores: Mapping[str, str],
    said: Review | None,
    vectors: Vectors | None,
) -> dict[str, Any]:
    name = row["clip_id"]
    verdict, note = (said.verdicts.get(name), said.notes.get(name)) if said else (None, None)
    sample = _sample(name, f"../../{row['uri']}" if source.url == store.url else source.place(row["uri"]), row)
    sample["tags"] = [row["fate"], *([REVIEWED] if row["reason"] == REVIEWED else [])]
    sample |= {name: row.get(name) or None for name in TEXTS} | {"decision": verdict, "note": note}
    sample |= {name: row[name] for name in NUMBERS} | {ours: row[name] for name, ours in scores.items()}
    return sample | ({} if vectors is None else {"embedding": _vector(vectors, name)})


def _sources(tables: Tables, clips: pa.Table) -> Iterator[dict[str, Any]]:
    """Videos with their clips as stretches of frames, which FiftyOne counts from 1."""
    videos = {row["video_id"]: row for row in tables.videos.to_pylist() if row["status"] != "duplicate"}
    known = set(originals(tables.videos)["video_id"].to_pylist())
    ordered = clips.sort_by([("video_id", "ascending"), ("start", "ascending")])
    for video_id, group in groupby(_rows(ordered), key=lambda row: row["video_id"]):
        video = videos.get(video_id, {})
        if video_id not in known or not video.get("fps"):
            continue
        facts = {name: video.get(name) for name in ("width", "height", "fps", "num_frames", "duration", "codec")}
        sample = _sample(video_id, video["uri"], facts | {"num_bytes": video["size_bytes"]})
        stretches = [_stretch(row, video["fps"]) for row in group]
        yield sample | {"tags": [], "clips": {"_cls": "TemporalDetections", "detections": stretches}}


def _stretch(row: Mapping[str, Any], fps: float) -> dict[str, Any]:
    first = max(1, round(row["start"] * fps) + 1)
    support = [first, max(first, round(row["end"] * fps))]
    facts = {"tags": [], "label": row["fate"], "support": support, "clip_id": row["clip_id"]}
    return {"_id": _oid(f"stretch:{row['clip_id']}"), "_cls": "TemporalDetection", **facts}


def _sample(name: str, path: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {
        "_cls": "VideoMetadata",
        "size_bytes": facts["num_bytes"],
        "mime_type": "video/mp4",
        "frame_width": facts["width"],
        "frame_height": facts["height"],
        "frame_rate": facts["fps"],
        "total_frame_count": facts["num_frames"],
        "duration": facts["duration"],
        "encoding_str": facts["codec"],
    }
    share = int(_digest(f"rand:{name}")[:8], 16) / 2**32
    return {"_id": _oid(name), "filepath": path, "metadata": metadata, "_media_type": "video", "_rand": share}


def _source_fields() -> list[Field]:
    inner = [
        _field("id", "ObjectId", db_field="_id"),
        _field("tags", "List", subfield=f"{FIELDS}.StringField"),
        _field("label", "String"),
        _field("support", "FrameSupport", subfield=f"{FIELDS}.IntField"),
        _field("clip_id", "String"),
    ]
    kind = {"embedded_doc_type": f"{LABELS}.TemporalDetection", "subfield": f"{FIELDS}.EmbeddedDocumentField"}
    detections = _field("detections", "List", fields=inner, **kind)
    outer = {"embedded_doc_type": f"{LABELS}.TemporalDetections", "fields": [detections]}
    return [_field("clips", "EmbeddedDocument", **outer)]


def _field(name: str, kind: str, **more: Any) -> Field:
    plain: Field = {"embedded_doc_type": None, "subfield": None, "fields": [], "db_field": name, "description": None}
    return {"name": name, "ftype": f"{FIELDS}.{kind}Field", **plain, "info": None, "read_only": False, **more}


def _write(store: Store, folder: str, name: str, fields: Sequence[Field], samples: Iterable[Mapping[str, Any]]) -> int:
    metadata = [_field(inner, kind) for inner, kind in METADATA.items()]
    common = [
        _field("id", "ObjectId", db_field="_id"),
        _field("filepath", "String"),
        _field("tags", "List", subfield=f"{FIELDS}.StringField"),
        _field(
            "metadata", "EmbeddedDocument", embedded_doc_type="fiftyone.core.metadata.VideoMetadata", fields=metadata
        ),
        _field("created_at", "DateTime", read_only=True),
        _field("last_modified_at", "DateTime", read_only=True),
    ]
    said = {"name": f"vidcurate-{name}", "version": VERSION, "media_type": "video", "persistent": False}
    empty: dict[str, Any] = {key: {} for key in ("info", "classes", "mask_targets", "skeletons", "group_media_types")}
    said |= empty | {"tags": [], "sample_fields": [*common, *fields], "frame_fields": _frame_fields()}
    count = 0
    with store.staging() as staging:
        path = staging / "samples.json"
        with path.open("w", encoding="utf-8") as file:
            file.write('{"samples": [')
            for sample in samples:
                file.write(f"{',' * bool(count)}\n{json.dumps(sample, ensure_ascii=False)}")
                count += 1
            file.write("\n]}\n")
        store.put(path, f"{folder}/samples.json")
    store.write_json(f"{folder}/metadata.json", said)
    return count


def _frame_fields() -> list[Field]:
    dates = [_field(name, "DateTime", read_only=True) for name in ("created_at", "last_modified_at")]
    return [_field("id", "ObjectId", db_field="_id"), _field("frame_number", "FrameNumber"), *dates]


def _vector(vectors: Vectors, name: str) -> dict[str, Any] | None:
    """A vector as FiftyOne stores arrays: the deflated bytes of a .npy file."""
    at = vectors.ids.index(name).as_py()
    return None if at < 0 else {"$binary": {"base64": _packed(vectors.matrix[at]), "subType": "00"}}


def _packed(vector: NDArray[np.float32]) -> str:
    file = io.BytesIO()
    np.save(file, vector, allow_pickle=False)
    return base64.b64encode(zlib.compress(file.getvalue())).decode()


def _oid(name: str) -> dict[str, str]:
    """An id of MongoDB's, the same for the same name."""
    return {"$oid": _digest(name)[:24]}


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=4096):
        yield from batch.to_pylist()
