"""Which clips are in the dataset, and what is said about each: samples from tables and decisions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MissingInput
from vidcurate.sharder.base import Sample, Sharder, Subset
from vidcurate.stage.decide import KNOWN
from vidcurate.stage.facts import scores_of
from vidcurate.stage.settle import Tables
from vidcurate.stage.vectors import Vectors

METADATA = (
    "clip_id", "video_id", "start", "end", "duration", "width", "height", "fps", "num_frames", "codec", "num_bytes",
    "has_audio",
)  # fmt: skip
"""Columns of CLIPS that go into every sample's .json."""

OUTDATED = "dedup is older than the split. Run +experiment=dedup with the same out=... again"


def samples(
    tables: Tables,
    decisions: pa.Table | None,
    sharder: Sharder,
    subsets: Mapping[str, Subset] | None = None,
    vectors: Vectors | None = None,
) -> list[Sample]:
    """The clips that the filters kept and that are no duplicates, with all that a trainer may want to know.

    Args:
        tables: what split knows.
        decisions: DECISIONS; None for a dataset that is not deduplicated.
        sharder: its settings say which bins there are.
        subsets: on which side of the train/val/test split each video is; None is train.
        vectors: of the clips; None where no sample is to have one. They are of unit length, as dedup compares them.

    Returns:
        Samples sorted by key; the metadata of all have the same keys: `METADATA`, `source_video`, `license`,
        `windows` of captions by their frames, enhanced where they are, `caption` (what windows say, joined by spaces),
        `scores` by `filter.score` (null where a clip has none), `subset` and `bins`.

    Raises:
        MissingInput: the decisions do not fit the clips.
    """
    kept = kept_clips(tables.clips, decisions).sort_by("clip_id")
    sources, licenses = source_videos(tables.videos), licenses_of(tables.videos)
    windows = _windows(tables.captions)
    scores = _scores(kept["clip_id"].to_pylist(), tables.scores)
    embeddings = dict(zip(vectors.ids, vectors.matrix, strict=True)) if vectors else {}
    made = []
    for clip, marks in zip(kept.to_pylist(), scores, strict=True):
        key, video = clip["clip_id"], clip["video_id"]
        told = windows.get(key, [])
        bins = sharder.bins_of(clip["width"], clip["height"], clip["duration"])
        subset: Subset = subsets[video] if subsets else "train"
        caption = " ".join(window["caption"] for window in told if window["caption"])
        said = {
            "source_video": sources[video],
            "license": licenses[video],
            "caption": caption,
            "windows": told,
            "scores": marks,
        }
        made.append(
            Sample(
                key=key,
                media=clip["uri"],
                num_bytes=clip["num_bytes"],
                width=clip["width"],
                height=clip["height"],
                duration=clip["duration"],
                source=video,
                caption=caption,
                metadata={name: clip[name] for name in METADATA} | said | {"subset": subset, "bins": bins},
                subset=subset,
                vector=embeddings.get(key),
            )
        )
    return made


def kept_clips(clips: pa.Table, decisions: pa.Table | None) -> pa.Table:
    """CLIPS that the filters kept and that are no duplicates; arguments and errors as above."""
    kept = clips.filter(clips["kept"])
    if decisions is None:
        return kept
    return kept.filter(pc.is_in(kept["clip_id"], value_set=_unique(kept["clip_id"], decisions)))


def source_videos(videos: pa.Table) -> dict[str, str]:
    """Where each video lies, by its id, relative to the source; copies go by the id of their original."""
    originals = videos.filter(pc.not_equal(videos["status"], "duplicate"))
    return dict(zip(originals["video_id"].to_pylist(), originals["uri"].to_pylist(), strict=True))


def licenses_of(videos: pa.Table) -> dict[str, str]:
    """Licence of each video by its id; empty where nobody says, as in tables that know of none."""
    originals = videos.filter(pc.not_equal(videos["status"], "duplicate"))
    known = originals["license"].to_pylist() if "license" in videos.column_names else [""] * originals.num_rows
    return {video: name or "" for video, name in zip(originals["video_id"].to_pylist(), known, strict=True)}


def _unique(clips: pa.ChunkedArray, decisions: pa.Table) -> pa.Array:
    """Ids that dedup keeps, once sure that it has seen every clip and drops none in favour of one that is gone."""
    ours = decisions.filter(pc.is_in(decisions["id"], value_set=clips.combine_chunks()))
    unknown = len(clips) - ours.num_rows
    if unknown:
        raise MissingInput(f"dedup has not seen {unknown} of {len(clips)} clips: {OUTDATED}")
    unique, dropped = ours.filter(ours["kept"]), ours.filter(pc.invert(ours["kept"]))
    known = dropped.filter(pc.equal(dropped["reason"], KNOWN))["group_id"]  # of other datasets
    roots = pa.chunked_array([*unique["id"].chunks, *known.chunks], pa.string()).combine_chunks()
    orphans = dropped.filter(pc.invert(pc.is_in(dropped["group_id"], value_set=roots)))
    if orphans.num_rows:
        raise MissingInput(f"{orphans.num_rows} clips duplicate clips that are no longer in the dataset: {OUTDATED}")
    return unique["id"].combine_chunks()


def _windows(captions: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """By clip what is said of which of its frames, in their order."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in captions.sort_by([("clip_id", "ascending"), ("start_frame", "ascending")]).to_pylist():
        window = {"start_frame": row["start_frame"], "end_frame": row["end_frame"]}
        found[row["clip_id"]].append(window | {"caption": row["enhanced_caption"] or row["caption"] or ""})
    return found


def _scores(ids: Sequence[str], scores: pa.Table) -> list[dict[str, float | None]]:
    """Scores of each clip by `filter.score`; JSON knows neither NaN nor infinity, which become null."""
    found: list[dict[str, float | None]] = [{} for _ in ids]
    for name, column in scores_of(ids, scores).items():
        for marks, value in zip(found, column.to_pylist(), strict=True):
            marks[name] = value if value is not None and math.isfinite(value) else None
    return found
