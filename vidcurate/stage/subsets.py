"""Train, validation and test set, none of which has seen the others' videos, nor duplicates of their clips.

What is divided are components: videos that duplicates link, through however many others. Clips that dedup has dropped
link as those do that it keeps: a video whose intro is dropped for that of another still looks like it. So do those that
are dropped for one clip of another dataset, which has no video here.
"""

from __future__ import annotations

import logging
from collections import Counter
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.sharder.base import Subset
from vidcurate.stage.review.verdicts import REVIEWED

log = logging.getLogger(__name__)


def subsets(
    clips: pa.Table, decisions: pa.Table | None, kept: pa.ChunkedArray, val: float, test: float, seed: int
) -> dict[str, Subset]:
    """Divide videos, so that clips of one component lie in one subset.

    Components come in the order of a hash of the seed and their smallest video id, whatever their size. Each that still
    fits goes to val, then the smallest of the others if the share is nearer with it than without it: it is missed by
    half the size of that component at most. Of the others each that fits goes to test, likewise. The rest is train.

    Args:
        clips: CLIPS, all that were cut.
        decisions: DECISIONS; None for a dataset that is not deduplicated.
        kept: ids of the clips that are packed.
        val: share of them, in [0, 1).
        test: likewise; both together are below 1.
        seed: of the order.

    Returns:
        Subset by video id; all are `train` where both shares are 0.
    """
    names = pc.unique(clips["video_id"]).sort()
    if not (val or test):
        return dict.fromkeys(names.to_pylist(), "train")
    video_of = pc.index_in(clips["video_id"], value_set=names).to_numpy()
    labels = _components(len(names), video_of, clips["clip_id"], decisions)
    _, smallest, component_of = np.unique(labels, return_index=True, return_inverse=True)
    packed = pc.is_in(clips["clip_id"], value_set=kept.combine_chunks()).to_numpy()
    sizes = np.bincount(component_of[video_of[packed]], minlength=len(smallest))
    heads = names.take(pa.array(smallest)).to_pylist()
    order = sorted(range(len(heads)), key=lambda index: blake2b(f"{seed}/{heads[index]}".encode()).digest())
    subset_of = _filled(sizes, [index for index in order if sizes[index]], {"val": val, "test": test})
    _report(sizes, subset_of, {"train": 1 - val - test, "val": val, "test": test})
    return {name: subset_of[index] for name, index in zip(names.to_pylist(), component_of.tolist(), strict=True)}


def _components(
    count: int, video_of: NDArray[np.int64], clips: pa.ChunkedArray, decisions: pa.Table | None
) -> NDArray[np.int64]:
    """Which component each video is in, int64 [count]: linked by groups of duplicates, and by witnesses."""
    if decisions is None:
        return np.arange(count)
    links = pc.or_(pc.invert(decisions["kept"]), pc.equal(decisions["reason"], REVIEWED))  # kept by word, but alike
    ids, linked = clips.combine_chunks(), pc.unique(decisions["group_id"].filter(links))
    ours = decisions.filter(pc.is_in(decisions["group_id"], value_set=linked))  # a clip alone links nothing
    ours = ours.filter(pc.is_in(ours["id"], value_set=ids))  # those that are gone are in no video
    own = pc.index_in(ours["id"], value_set=ids)
    groups = pc.unique(ours["group_id"])
    pairs = []
    for name, known, number_of in (("group_id", groups, count + np.arange(len(groups))), ("witness_id", ids, video_of)):
        other = pc.index_in(ours[name], value_set=known)
        there = pc.and_(pc.is_valid(ours[name]), pc.is_valid(other))
        pairs.append((video_of[own.filter(there).to_numpy()], number_of[other.filter(there).to_numpy()]))
    first, second = np.concatenate(pairs, axis=1)
    nodes = count + len(groups)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(first), np.bool_), (first, second)), shape=(nodes, nodes))
    return np.asarray(connected_components(graph, directed=False)[1][:count], np.int64)


def _filled(sizes: NDArray[np.int64], order: list[int], shares: dict[Subset, float]) -> list[Subset]:
    found: list[Subset] = ["train"] * len(sizes)
    for subset, share in shares.items():
        missing, others = share * float(sizes.sum()), []
        for index in order:
            if sizes[index] <= missing:
                found[index] = subset
                missing -= float(sizes[index])
            else:
                others.append(index)
        nearest = min(others, key=lambda index: abs(sizes[index] - missing), default=None)
        if nearest is not None and abs(sizes[nearest] - missing) < missing:
            found[nearest] = subset
            others.remove(nearest)
        order = others
    return found


def _report(sizes: NDArray[np.int64], subset_of: list[Subset], shares: dict[Subset, float]) -> None:
    """Log what came of the shares."""
    counts: Counter[Subset] = Counter()
    for subset, size in zip(subset_of, sizes.tolist(), strict=True):
        counts[subset] += size
    total = max(counts.total(), 1)
    reached = ", ".join(f"{counts[name] / total:.2%} {name} of {share:.2%}" for name, share in shares.items())
    log.info("shard: %d clips from %d groups of videos: %s", counts.total(), np.count_nonzero(sizes), reached)
    for name, share in shares.items():
        if share and not counts[name]:
            log.warning(
                "shard: no clip is in %s, of which %.2f%% were asked for: the smallest group of videos that share "
                "duplicates has %d of %d clips", name, 100 * share, min(sizes[sizes > 0], default=0), counts.total(),
            )  # fmt: skip
