"""The tables of a dataset that somebody else has split: what NeMo Curator's `metas/v0` say of the clips beside them.

Every meta and every file is accounted for: what cannot be packed is a row of CLIPS with the reason, and counted in the
log. A clip's file is found by its id in `clips/`, wherever the dataset was moved from the place that its meta names.
Fields are those that the documentation of NeMo Curator 26 and cosmos-curate 1.4 lists.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Any

from vidcurate.errors import MissingInput
from vidcurate.stage.foreign_captions import caption_rows
from vidcurate.stage.metas import FOLDER as METAS
from vidcurate.stage.metas import MOTION
from vidcurate.stage.place import FILTERED, KEPT
from vidcurate.stage.record import Row
from vidcurate.stage.settle import Tables
from vidcurate.store.files import Store
from vidcurate.table import BOUNDS, CAPTIONS, CLIPS, FAILURES, HASHES, SCORES, VIDEOS, table

log = logging.getLogger(__name__)

NEEDED = ("source_video", "duration_span", "width", "height", "framerate", "num_frames")
"""Fields without which a clip cannot be packed."""
READERS = 32
"""Metas that are read at once."""

Meta = Mapping[str, Any]


def foreign_tables(store: Store, caption_key: str | None = None) -> Tables:
    """The tables of a dataset that was split elsewhere; nothing but its metas is opened.

    Args:
        store: the output of that split.
        caption_key: `qwen` takes the `qwen_caption` of windows; None the only one, or the first that all windows have.

    Raises:
        MissingInput: there is no such dataset, none of its clips can be packed, or captions are not to be told apart.
    """
    keys = store.keys(METAS, ".json")
    if not keys:
        raise MissingInput(
            f"clips={store.url}: expected the output of a split, with {METAS}/*.json and {KEPT}/*.mp4, or a dataset of "
            "vidcurate; there is neither"
        )
    with ThreadPoolExecutor(READERS) as pool:
        metas = dict(zip(map(_stem, keys), pool.map(lambda key: _read(store, key), keys), strict=True))
    clips = _clips(metas, _sizes(store, KEPT), _sizes(store, FILTERED))
    _say(store, clips)
    known = {name: meta for name, meta in metas.items() if meta is not None}
    return Tables(
        videos=table(VIDEOS, _videos(known, clips)),
        clips=table(CLIPS, clips),
        scores=table(SCORES, (row for name, meta in known.items() for row in _scores(name, meta))),
        bounds=BOUNDS.empty_table(),
        captions=table(CAPTIONS, caption_rows(known, caption_key)),
        hashes=HASHES.empty_table(),
        failures=FAILURES.empty_table(),
    )


def examples(names: Iterable[str], count: int = 3) -> str:
    """The first of some names, for messages."""
    sorted_names = sorted(names)
    return ", ".join(sorted_names[:count]) + (", ..." if len(sorted_names) > count else "")


def _read(store: Store, key: str) -> Meta | None:
    """A meta; None for a file that was cut off in the writing, or says something else."""
    try:
        meta = store.read_json(key)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    return meta if isinstance(meta, dict) else None


def _stem(key: str) -> str:
    return PurePosixPath(key).stem


def _sizes(store: Store, folder: str) -> dict[str, int]:
    """Bytes of every clip right below a folder, by id."""
    try:
        entries = store.fs.ls(store.path(folder), detail=True)
    except FileNotFoundError:
        return {}
    return {_stem(entry["name"]): int(entry["size"]) for entry in entries if entry["name"].endswith(".mp4")}


def _clips(metas: Mapping[str, Meta | None], kept: Mapping[str, int], filtered: Mapping[str, int]) -> list[Row]:
    """Rows of CLIPS, sorted by id, of all that have a meta or a file that passed."""
    captioned = any(meta.get("windows") for meta in metas.values() if meta)
    rows = []
    for name in sorted(metas.keys() | kept.keys()):
        meta = metas.get(name)
        reason = "no_meta" if name not in metas else _fault(meta, kept.get(name), name in filtered, captioned)
        row = {"clip_id": name, "kept": not reason, "reason": reason, "cut_verified": False}
        rows.append(row | _facts(name, meta or {}, kept, filtered))
    return rows


def _fault(meta: Meta | None, size: int | None, filtered: bool, captioned: bool) -> str:
    """Why a clip cannot be packed, in a word.

    `valid` is false for want of windows, too, so that it says nothing in a dataset without captions.
    """
    if meta is None:
        return "unreadable_meta"
    if size is None:
        return "filtered" if filtered else "no_file"
    if not _is_complete(meta):
        return "incomplete_meta"
    if size != (meta.get("num_bytes") or size) or not size:
        return "wrong_size"  # cut off in the writing, or left by an earlier run
    return "invalid" if meta.get("valid") is False and captioned else ""


def _is_complete(meta: Meta) -> bool:
    span, numbers = meta.get("duration_span"), [meta.get(name) for name in NEEDED[2:]]
    return (
        all(meta.get(name) is not None for name in NEEDED)
        and all(isinstance(number, (int, float)) and number > 0 for number in numbers)
        and isinstance(span, list)
        and len(span) == 2
    )


def _facts(name: str, meta: Meta, kept: Mapping[str, int], filtered: Mapping[str, int]) -> Row:
    folder = KEPT if name in kept else FILTERED
    size = kept.get(name, filtered.get(name))
    facts: Row = {"uri": None if size is None else f"{folder}/{name}.mp4", "num_bytes": size}
    if not _is_complete(meta):
        return facts
    return facts | {
        "video_id": _video_id(meta),
        "start": meta["duration_span"][0],
        "end": meta["duration_span"][1],
        "duration": round(meta["num_frames"] / meta["framerate"], 6),
        "width": meta["width"],
        "height": meta["height"],
        "fps": meta["framerate"],
        "num_frames": meta["num_frames"],
        "codec": meta.get("video_codec"),
    }


def _video_id(meta: Meta) -> str:
    """Theirs, which depends on the path."""
    return str(meta.get("video_uuid") or uuid.uuid5(uuid.NAMESPACE_URL, str(meta["source_video"])))


def _videos(metas: Mapping[str, Meta], clips: Sequence[Row]) -> list[Row]:
    """Rows of VIDEOS, sorted by uri, of those that clips were cut from."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for clip in clips:
        if "video_id" in clip:
            groups[clip["video_id"]].append(clip)
    rows = []
    for name, group in groups.items():
        meta, reasons = metas[group[0]["clip_id"]], [clip["reason"] for clip in group]
        fate = {"status": "processed", "reason": ""}
        if all(reasons):
            fate = {"status": "filtered", "reason": Counter(sorted(reasons)).most_common(1)[0][0]}
        shape = {"width": meta.get("width_source"), "height": meta.get("height_source"), "num_clips": len(group)}
        rows.append({"video_id": name, "uri": meta["source_video"], "fps": meta.get("framerate_source")} | fate | shape)
    return sorted(rows, key=lambda row: (row["uri"], row["video_id"]))


def _scores(name: str, meta: Meta) -> list[Row]:
    """Rows of SCORES; whatever has a name that ends in `_score` and is a number."""
    motion = meta.get("motion_score")
    found = {
        (filter_, score): motion.get(theirs)
        for (filter_, score), theirs in MOTION.items()
        if isinstance(motion, Mapping)
    }
    for key, value in meta.items():
        if key.endswith("_score"):
            word = key.removesuffix("_score")
            found[("motion", "difference") if word == "motion_difference" else (word, word)] = value
    return [
        {"clip_id": name, "filter": filter_, "score": score, "value": float(value), "kept": True, "reason": ""}
        for (filter_, score), value in sorted(found.items())
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]


def _say(store: Store, clips: Sequence[Row]) -> None:
    """Count what can be packed, and what cannot, with examples."""
    groups: dict[str, list[str]] = defaultdict(list)
    for clip in clips:
        groups[clip["reason"]].append(clip["clip_id"])
    usable = len(groups.pop("", ()))
    counts = [f"{reason} {len(names)} ({examples(names)})" for reason, names in sorted(groups.items())]
    if not usable:
        raise MissingInput(f"clips={store.url}: none of {len(clips)} clips can be packed: {'; '.join(counts)}")
    log.info("clips: %d of %d of %s can be packed", usable, len(clips), store.url)
    if counts:
        log.warning("clips: %d of %d are left out: %s", len(clips) - usable, len(clips), "; ".join(counts))
