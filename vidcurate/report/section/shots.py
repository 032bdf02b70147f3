"""Where each clip lies in its video, for a sample of the videos: what was cut where, and what became of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.report.context import Context, Section
from vidcurate.report.dataset import Dataset
from vidcurate.report.packing import packed
from vidcurate.report.sample import sample

FEW = 60
"""Clips up to which all their pictures come with the page; of more, as far as other sections ask for them."""


def section(context: Context) -> Section | None:
    """The section; None before anything was cut."""
    dataset = context.dataset
    if not dataset.clips.num_rows:
        return None
    drawn = sample(dataset)
    clips = drawn.clips
    rows = dataset.videos.filter(pc.not_equal(dataset.videos["status"], "duplicate"))
    known = {row["video_id"]: row for row in rows.select(["video_id", "uri", "duration"]).to_pylist()}
    counts = dict(zip(*(column.to_pylist() for column in pc.value_counts(clips["video_id"]).flatten()), strict=True))
    place = context.clips.rows if clips.num_rows <= FEW else context.clips.seek_all
    scores = _scores(dataset, clips["clip_id"].combine_chunks())
    return Section(
        name="shots",
        title="Shots",
        facts={"sample": drawn, "scored": bool(scores)},
        data={
            "videos": [
                {
                    "uri": known.get(name, {}).get("uri", name),
                    "duration": known.get(name, {}).get("duration") or 0.0,
                    "clips": counts[name],
                }
                for name in drawn.videos
            ],
            "rows": packed(np.array(place(clips["clip_id"].to_pylist()), np.int32)),
            "scores": scores,
        },
    )


def _scores(dataset: Dataset, names: pa.Array) -> dict[str, dict[str, str]]:
    """Of each score the values of these clips, packed, NaN where there is none; by filter and name."""
    scores = dataset.scores.filter(pc.is_in(dataset.scores["clip_id"], value_set=names))
    places = pc.index_in(scores["clip_id"], value_set=names).to_numpy()
    values = scores["value"].to_numpy()
    kinds = pc.if_else(
        pc.equal(scores["filter"], scores["score"]),
        scores["filter"],
        pc.binary_join_element_wise(scores["filter"], scores["score"], "."),
    ).combine_chunks()
    found = {}
    for kind in sorted(pc.unique(kinds).to_pylist()):
        chosen = pc.equal(kinds, kind).to_numpy(zero_copy_only=False)
        column = np.full(len(names), np.nan, np.float32)
        column[places[chosen]] = values[chosen]
        found[kind] = packed(column)
    return found
