"""Whether validation and test hold nothing of what training has seen: no source video, no duplicate group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

import pyarrow as pa

from vidcurate.sharder.base import Subset
from vidcurate.stage.verify.check import Check, checked, rows


def check_subsets(packed: Mapping[str, tuple[str, Subset]], clips: pa.Table, decisions: pa.Table | None) -> Check:
    """`shards/subsets`.

    Args:
        packed: of every sample by its key the video that it was cut from and the side that it is on.
        clips: CLIPS; they say from which videos the duplicates of a sample come.
        decisions: DECISIONS, or None.
    """
    sides: dict[str, set[str]] = {}
    for video, side in packed.values():
        sides.setdefault(video, set()).add(side)
    return checked("shards/subsets", chain(_videos(sides), _groups(packed, sides, clips, decisions)))


def _videos(sides: Mapping[str, set[str]]) -> Iterator[str | None]:
    for video, found in sorted(sides.items()):
        yield f"video {video} is in {' and '.join(sorted(found))}" if len(found) > 1 else None


def _groups(
    packed: Mapping[str, tuple[str, Subset]],
    sides: Mapping[str, set[str]],
    clips: pa.Table,
    decisions: pa.Table | None,
) -> Iterator[str | None]:
    """A dropped duplicate counts where its video is, if other clips of that are packed."""
    if decisions is None or len({side for _, side in packed.values()}) < 2:
        return
    videos = dict(zip(clips["clip_id"].to_pylist(), clips["video_id"].to_pylist(), strict=True))
    groups: dict[str, set[str]] = {}
    for row in rows(decisions.select(["id", "group_id"])):
        own = {packed[row["id"]][1]} if row["id"] in packed else sides.get(videos.get(row["id"], ""), set())
        groups.setdefault(row["group_id"], set()).update(own)
    for group, found in sorted(groups.items()):
        yield f"duplicate group {group} is in {' and '.join(sorted(found))}" if len(found) > 1 else None
