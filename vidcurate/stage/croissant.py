"""`croissant.json`: the dataset in the words of MLCommons Croissant 1.0, which search engines and mlcroissant read.

Two record sets: `clips` from the side-cars, with what is known of each clip, and `videos` from the tars; their keys
join them. The tars are named one by one, with their checksums, because mlcroissant 1.1 unpacks no set of archives.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.sharder.base import Shard
from vidcurate.store import parquet
from vidcurate.store.files import Store

NAME = "croissant.json"
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The standard context of Croissant 1.0."""
MEANINGS = {
    "key": "Id of the clip, and name of its files in the tar.",
    "caption": "What the clip shows; may be empty.",
    "source_video": "The video that it was cut from.",
    "license": "Under which that video may be used; empty where nobody says.",
    "subset": "train, val or test.",
    "start": "Seconds into that video at which it begins.",
    "end": "Seconds into that video at which it ends.",
    "duration": "Seconds.",
    "width": "Pixels.",
    "height": "Pixels.",
    "fps": "Frames a second.",
    "num_frames": "Frames.",
}
"""Columns of side-cars that become fields, where they are there."""


def write_croissant(store: Store, folder: str, clips: pa.Table, shards: Sequence[Shard]) -> None:
    """Write `croissant.json`, if the shards are tars with checksums, and a side-car `{name}.parquet` is beside each.

    Args:
        store: the dataset.
        folder: of its shards.
        clips: all that are packed; columns `duration` and `license`.
        shards: all of them, sorted by name.
    """
    if not shards or not shards[0].files[0].sha256:
        return
    sidecar = f"{folder}/{shards[0].name}.parquet"
    if not shards[0].files[0].key.endswith(".tar") or sidecar not in [file.key for file in shards[0].files]:
        return
    hours = (pc.sum(clips["duration"]).as_py() or 0) / 3600
    licenses = sorted({*pc.unique(clips["license"]).to_pylist()} - {""})
    store.write_json(
        f"{folder}/{NAME}",
        {
            "@context": CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "name": "video_clips",
            "description": f"{clips.num_rows} video clips, {hours:.3g} hours, with captions, packed by vidcurate.",
            **({"license": licenses} if licenses else {}),
            "distribution": [
                *(_tar(shard) for shard in shards),
                _files("sidecars", "application/x-parquet", f"{_star(shards)}.parquet"),
                _files("mp4s", "video/mp4", "*.mp4")
                | {"containedIn": [{"@id": f"{shard.name}.tar"} for shard in shards]},
            ],
            "recordSet": [
                _records("clips", _columns(parquet.schema_of(store.fs, store.path(sidecar)))),
                _records("videos", _media()),
            ],
        },
    )


def _star(shards: Sequence[Shard]) -> str:
    """A pattern of the names of all shards, which end in six digits; nothing else in the folder matches it."""
    depths = {shard.name.count("/") for shard in shards}
    return "*/" * depths.pop() + "[0-9]" * 6


def _tar(shard: Shard) -> dict[str, Any]:
    name, file = f"{shard.name}.tar", shard.files[0]
    facts = {"encodingFormat": "application/x-tar", "contentUrl": name, "contentSize": f"{file.num_bytes} B"}
    return {"@type": "cr:FileObject", "@id": name, "name": name, "sha256": file.sha256, **facts}


def _files(name: str, form: str, pattern: str) -> dict[str, Any]:
    return {"@type": "cr:FileSet", "@id": name, "name": name, "encodingFormat": form, "includes": pattern}


def _records(name: str, fields: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "key": {"@id": f"{name}/key"}, "field": list(fields)}


def _columns(schema: pa.Schema) -> Iterator[dict[str, Any]]:
    for name in (name for name in MEANINGS if name in schema.names):
        kind = schema.field(name).type
        form = "sc:Integer" if pa.types.is_integer(kind) else "sc:Float" if pa.types.is_floating(kind) else "sc:Text"
        source = {"fileSet": {"@id": "sidecars"}, "extract": {"column": name}}
        yield _field(f"clips/{name}", form, source) | {"description": MEANINGS[name]}


def _media() -> Iterator[dict[str, Any]]:
    name = {"fileSet": {"@id": "mp4s"}, "extract": {"fileProperty": "filename"}, "transform": {"regex": r"^(.+)\.mp4$"}}
    yield _field("videos/key", "sc:Text", name) | {"references": {"field": {"@id": "clips/key"}}}
    content = {"fileSet": {"@id": "mp4s"}, "extract": {"fileProperty": "content"}}
    yield _field("videos/mp4", "sc:VideoObject", content)


def _field(name: str, form: str, source: Mapping[str, Any]) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name, "dataType": form, "source": source}
