"""What is known of every clip besides its vector: columns by which the best of two duplicates is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.stage.settle import Tables

SCORE = ("aesthetic.aesthetic", "quality.quality")
"""Scores that say how good a clip looks, the first that was measured counts."""


def facts_of(ids: Sequence[str] | pa.Array, tables: Tables) -> pa.Table:
    """Columns of clips that split has written.

    Args:
        ids: n clips, all in the tables.
        tables: what split knows.

    Returns:
        n rows in the order of ids: the numbers of CLIPS, every score as `filter.score`, and `pixels`,
        `bits_per_pixel` (of the source, which is what encoding could lose) and `score`.
    """
    names = pa.chunked_array([pa.array(ids, pa.string())])
    clips = tables.clips.take(pc.index_in(names, value_set=tables.clips["clip_id"].combine_chunks()))
    videos = tables.videos.take(pc.index_in(clips["video_id"], value_set=tables.videos["video_id"]))
    numbers = [name for name in clips.column_names if pa.types.is_primitive(clips.schema.field(name).type)]
    facts = {name: clips[name] for name in numbers} | scores_of(names, tables.scores)
    facts["pixels"] = _product(clips, "width", "height")
    rate = np.maximum(_product(videos, "width", "height", "fps"), 1e-9)
    facts["bits_per_pixel"] = pc.cast(videos["bit_rate"], pa.float64()).to_numpy() / rate
    known = [name for name in SCORE if name in facts]
    if known:
        facts["score"] = facts[known[0]]
    return pa.table(facts)


def sources_of(ids: Sequence[str] | pa.Array, tables: Tables) -> NDArray[np.int32]:
    """Which clips are of one video: int32 [n], equal numbers for equal videos."""
    rows = pc.index_in(pa.array(ids), value_set=tables.clips["clip_id"])
    videos = tables.clips["video_id"].take(rows).combine_chunks()
    return np.asarray(pc.index_in(videos, value_set=pc.unique(videos)).to_numpy(), np.int32)


def scores_of(ids: pa.ChunkedArray, scores: pa.Table) -> dict[str, pa.ChunkedArray]:
    """SCORES as columns in the order of n ids, by `filter.score`, sorted; null where a clip has not been scored."""
    pairs = scores.group_by(["filter", "score"]).aggregate([]).drop_null().to_pylist()
    found = {}
    for name, pair in sorted((f"{pair['filter']}.{pair['score']}", pair) for pair in pairs):
        named = pc.and_(pc.equal(scores["filter"], pair["filter"]), pc.equal(scores["score"], pair["score"]))
        ours = scores.select(["clip_id", "value"]).filter(named)
        aligned = ours["clip_id"].equals(ids)  # as settle writes them
        rows = None if aligned else pc.index_in(ids, value_set=ours["clip_id"].combine_chunks())
        found[name] = ours["value"] if aligned else ours["value"].take(rows)
    return found


def _product(table: pa.Table, *names: str) -> NDArray[np.float64]:
    columns = [pc.cast(table[name], pa.float64()).to_numpy() for name in names]
    return np.asarray(np.prod(columns, axis=0))
