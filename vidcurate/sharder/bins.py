"""Which folder a clip goes to: bins of resolution, aspect ratio and duration, as in NeMo Curator's `shard`.

Nothing is dropped for want of a bin. The reference leaves out clips under 5 s and shapes beyond 10:1; here they go to
`duration_0_5` and `aspect_ratio_other`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, get_args

Bin = Literal["resolution", "aspect", "duration"]
BINS: tuple[Bin, ...] = get_args(Bin)
"""Everything that clips can be binned by, from the outer folder to the inner one."""

PREFIXES: dict[Bin, str] = {"resolution": "resolution", "aspect": "aspect_ratio", "duration": "duration"}


def bins_of(width: int, height: int, duration: float) -> dict[Bin, str]:
    """The bins of a clip.

    Args:
        width: display width in pixels, above 0.
        height: display height in pixels, above 0.
        duration: seconds.
    """
    return {
        "resolution": _resolution(min(width, height)),
        "aspect": _aspect(width / height),
        "duration": _length(duration),
    }


def folder_of(bins: Mapping[Bin, str], by: Collection[Bin] = BINS) -> str:
    """Folder below the shards' root, e.g. `resolution_720/aspect_ratio_16_9`; empty if nothing is binned by."""
    return "/".join(f"{PREFIXES[name]}_{bins[name]}" for name in BINS if name in by)


def _resolution(side: int) -> str:
    if side >= 1080:
        return "1080"
    return "720" if side >= 720 else "lt_720"


def _aspect(ratio: float) -> str:
    borders = ((0.65, "9_16"), (0.88, "3_4"), (1.16, "1_1"), (1.55, "4_3"), (10.0, "16_9"))
    return next((name for border, name in borders if ratio <= border), "other")


def _length(seconds: float) -> str:
    if seconds < 5:
        return "0_5"
    if seconds <= 10:
        return "5_10"
    return "10_30" if seconds <= 30 else "30_inf"
