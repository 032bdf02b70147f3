"""What is said of the frames of each clip: CAPTIONS as a column of lists, and as the text of each clip."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WINDOW = pa.struct([("start_frame", pa.int32()), ("end_frame", pa.int32()), ("caption", pa.large_string())])
"""Texts may have more than 2 GiB together."""


def windows_of(ids: pa.ChunkedArray, captions: pa.Table) -> pa.Array:
    """The windows of n clips in the order of their frames, lists [n]: captions enhanced where they are.

    Args:
        ids: of the clips.
        captions: CAPTIONS; those of other clips are left out.
    """
    clips = pc.index_in(captions["clip_id"], value_set=ids.combine_chunks()).to_numpy()
    starts = pc.fill_null(captions["start_frame"], np.iinfo(np.int32).max).to_numpy()
    clips = np.nan_to_num(clips, nan=-1).astype(np.int64)
    order = np.lexsort((starts, clips))
    order = order[np.searchsorted(clips[order], 0) :]  # those of other clips come first
    plain, better = (pc.fill_null(captions[name], "") for name in ("caption", "enhanced_caption"))
    texts = pc.if_else(pc.equal(better, ""), plain, better)
    if not np.array_equal(order, np.arange(captions.num_rows)):
        captions, texts = captions.take(pa.array(order)), texts.take(pa.array(order))
    columns = (captions["start_frame"], captions["end_frame"], texts.cast(pa.large_string()))
    said = pa.StructArray.from_arrays([column.combine_chunks() for column in columns], fields=list(WINDOW))
    return _lists(np.bincount(clips[order], minlength=len(ids)), said)


def has_words(windows: pa.Array) -> pa.Array:
    """Whether anything is said of each of n clips, bool [n]."""
    said = pc.not_equal(pc.struct_field(windows.flatten(), 2), "").to_numpy(zero_copy_only=False)
    found = np.zeros(len(windows), np.bool_)
    found[pc.list_parent_indices(windows).to_numpy()[said]] = True
    return pa.array(found)


def captions_of(windows: pa.Array) -> pa.Array:
    """What the windows of each of n clips say, joined by spaces; an empty text where they say nothing."""
    texts = pc.struct_field(windows.flatten(), 2).cast(pa.string())
    said = pc.not_equal(texts, "")
    owners = pc.list_parent_indices(windows).filter(said).to_numpy()
    return pc.binary_join(_lists(np.bincount(owners, minlength=len(windows)), texts.filter(said)), " ")


def _lists(counts: np.typing.NDArray[np.int64], values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32()), values)
