"""Which clips are in the dataset, and what is said about each: samples from tables and decisions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MissingInput
from vidcurate.sharder.base import Sharder, Subset
from vidcurate.sharder.samples import SUBSETS
from vidcurate.stage.decide import KNOWN
from vidcurate.stage.facts import scores_of
from vidcurate.stage.review.verdicts import REVIEWED
from vidcurate.stage.settle import Tables
from vidcurate.stage.tabled import METADATA, Tabled
from vidcurate.stage.vectors import Vectors
from vidcurate.stage.windows import has_words, windows_of

OUTDATED = "dedup is older than the split. Run +experiment=dedup with the same out=... again"


def samples(
    tables: Tables,
    decisions: pa.Table | None,
    sharder: Sharder,
    subsets: Mapping[str, Subset] | None = None,
    vectors: Vectors | None = None,
) -> Tabled:
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
    clips = tables.clips
    rows = np.flatnonzero(is_kept(clips, decisions).to_numpy())
    rows = rows[pc.sort_indices(clips["clip_id"].take(pa.array(rows))).to_numpy()]
    ids, videos = clips["clip_id"], originals(tables.videos)
    source = pc.index_in(clips["video_id"], value_set=videos["video_id"].combine_chunks()).combine_chunks()
    windows = windows_of(ids, tables.captions)
    known = clips.select(METADATA)
    for name, column in (
        ("source_video", _of_videos(source, videos["uri"])),
        ("license", _of_videos(source, videos["license"])),
        ("windows", windows),
        ("scores", _scores(ids, tables.scores)),
        ("media", clips["uri"]),
        ("source", _of_videos(source, videos["video_id"])),
        ("captioned", has_words(windows)),
    ):
        known = known.append_column(name, column)
    sides = np.zeros(videos.num_rows, np.int8)
    if subsets:
        sides[:] = [SUBSETS.index(subsets.get(video, "train")) for video in videos["video_id"].to_pylist()]
    at = source.take(pa.array(rows)).to_numpy()
    if vectors is not None:
        known = known.append_column("vector", pc.index_in(ids, value_set=vectors.ids))
    return Tabled(known, sharder, rows, sides[at], None if vectors is None else vectors.matrix)


def is_kept(clips: pa.Table, decisions: pa.Table | None) -> pa.ChunkedArray:
    """Which of n CLIPS the filters kept and are no duplicates, bool [n]; arguments and errors as above."""
    kept = clips["kept"]
    if decisions is None:
        return kept
    return pc.and_(kept, pc.is_in(clips["clip_id"], value_set=_unique(clips["clip_id"].filter(kept), decisions)))


def kept_clips(clips: pa.Table, decisions: pa.Table | None) -> pa.Table:
    """CLIPS that are packed; arguments and errors as above."""
    return clips.filter(is_kept(clips, decisions))


def originals(videos: pa.Table) -> pa.Table:
    """`video_id`, `uri` and `license` of VIDEOS but for copies, which go by the id of their original.

    A licence is empty where nobody says, as in tables that know of none.
    """
    found = videos.filter(pc.not_equal(videos["status"], "duplicate"))
    known = found["license"] if "license" in found.column_names else pa.nulls(found.num_rows, pa.string())
    return found.select(["video_id", "uri"]).append_column("license", pc.fill_null(known, ""))


def _of_videos(source: pa.Array, values: pa.ChunkedArray) -> pa.DictionaryArray:
    """What is known of the video of each clip."""
    return pa.DictionaryArray.from_arrays(source, values.combine_chunks())


def _unique(clips: pa.ChunkedArray, decisions: pa.Table) -> pa.Array:
    """Ids that dedup keeps, once sure that it has seen every clip and drops none in favour of one that is gone."""
    ours, kept = pc.is_in(decisions["id"], value_set=clips.combine_chunks()), decisions["kept"]
    unknown = len(clips) - (pc.sum(ours).as_py() or 0)
    if unknown:
        raise MissingInput(f"dedup has not seen {unknown} of {len(clips)} clips: {OUTDATED}")
    unique = decisions["id"].filter(pc.and_(ours, kept))
    dropped = decisions.select(["group_id", "reason"]).filter(pc.and_not(ours, kept))
    dropped = dropped.filter(pc.not_equal(dropped["reason"], REVIEWED))  # by word, for no other clip
    known = dropped.filter(pc.equal(dropped["reason"], KNOWN))["group_id"]  # of other datasets
    roots = pa.chunked_array([*unique.chunks, *known.chunks], pa.string()).combine_chunks()
    orphans = len(dropped) - (pc.sum(pc.is_in(dropped["group_id"], value_set=roots)).as_py() or 0)
    if orphans:
        raise MissingInput(f"{orphans} clips duplicate clips that are no longer in the dataset: {OUTDATED}")
    return unique.combine_chunks()


def _scores(ids: pa.ChunkedArray, scores: pa.Table) -> pa.Array:
    """Scores of n clips by `filter.score`, structs [n]; JSON knows neither NaN nor infinity, which become null."""
    columns = {name: pc.if_else(pc.is_finite(values), values, None) for name, values in scores_of(ids, scores).items()}
    if not columns:
        return pa.array([{}], pa.struct([])).take(pa.array(np.zeros(len(ids), np.int64)))
    return pa.StructArray.from_arrays([values.combine_chunks() for values in columns.values()], list(columns))
