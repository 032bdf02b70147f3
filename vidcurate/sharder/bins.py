"""Which folder a clip goes to: bins of resolution, aspect ratio and duration, as in NeMo Curator's `shard`.

Nothing is dropped for want of a bin. The reference leaves out clips under 5 s and shapes beyond 10:1; here they go to
`duration_0_5` and `aspect_ratio_other`. Its edges are the defaults.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Annotated, Literal, get_args

import numpy as np
import pyarrow as pa
import pydantic
from numpy.typing import NDArray

from vidcurate.registry import Count, Positive

Bin = Literal["resolution", "aspect", "duration"]
BINS: tuple[Bin, ...] = get_args(Bin)
"""Everything that clips can be binned by, from the outer folder to the inner one."""

PREFIXES: dict[Bin, str] = {"resolution": "resolution", "aspect": "aspect_ratio", "duration": "duration"}
OTHER = "other"
"""The bin of shapes that are wider than every border."""


def _rising(edges: tuple[int, ...]) -> tuple[int, ...]:
    if any(lower >= upper for lower, upper in pairwise(edges)):
        raise ValueError(f"edges must rise, got {list(edges)}")
    return edges


def _pairs(borders: object) -> object:
    """Names and borders as a tuple, which can be hashed."""
    if not isinstance(borders, Mapping):
        return borders
    numbers = [name for name in borders if not isinstance(name, str)]
    if numbers:  # YAML 1.1 reads 9_16 as 916
        raise ValueError(f"names are text, got {numbers}; write them in quotes, e.g. '9_16'")
    return tuple(borders.items())


def _named(borders: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    names = [name for name, _ in borders]
    if any(not name or "." in name or "/" in name for name in names):
        raise ValueError(f"names make folders and have neither dots nor slashes, got {names}")
    if len({*names, OTHER}) <= len(names):
        raise ValueError(f"names must differ, and {OTHER!r} is what lies beyond the last border, got {names}")
    if any(lower >= upper for (_, lower), (_, upper) in pairwise(borders)):
        raise ValueError(f"borders of width / height must rise, got {[border for _, border in borders]}")
    return borders


Edges = Annotated[tuple[Count, ...], pydantic.Field(min_length=1), pydantic.AfterValidator(_rising)]
"""Whole numbers that rise, one at least."""
Aspects = Annotated[
    tuple[tuple[str, Positive], ...],
    pydantic.Field(min_length=1),
    pydantic.BeforeValidator(_pairs),
    pydantic.AfterValidator(_named),
]
"""Names and upper borders of width / height; given as a mapping or as pairs."""


RESOLUTIONS = (720, 1080)
ASPECTS = (("9_16", 0.65), ("3_4", 0.88), ("1_1", 1.16), ("4_3", 1.55), ("16_9", 10.0))
DURATIONS = (5, 10, 30)


def bins_of(
    width: int,
    height: int,
    duration: float,
    resolutions: tuple[int, ...] = RESOLUTIONS,
    aspects: tuple[tuple[str, float], ...] = ASPECTS,
    durations: tuple[int, ...] = DURATIONS,
) -> dict[Bin, str]:
    """The bins of a clip.

    Args:
        width: display width in pixels, above 0.
        height: display height in pixels, above 0.
        duration: seconds.
        resolutions: pixels of the shorter side; each opens a bin, which is named after it.
        aspects: names and borders; each border closes its bin.
        durations: seconds; each closes a bin, but the first opens one, as in the reference.
    """
    clip = pa.table({"width": [width], "height": [height], "duration": [duration]})
    return {name: bins[0].as_py() for name, bins in binned(clip, resolutions, aspects, durations).items()}


def binned(
    clips: pa.Table,
    resolutions: tuple[int, ...],
    aspects: tuple[tuple[str, float], ...],
    durations: tuple[int, ...],
) -> dict[Bin, pa.DictionaryArray]:
    """The bins of n clips, by their columns `width`, `height` and `duration`, as those of one.

    The codes of a bin rise with what it measures.
    """
    width, height, duration = (clips[name].to_numpy() for name in ("width", "height", "duration"))
    names, borders = [name for name, _ in aspects], [border for _, border in aspects]
    beyond = np.searchsorted(durations, duration)
    return {
        "resolution": _coded(
            np.searchsorted(resolutions, np.minimum(width, height), side="right"),
            [f"lt_{resolutions[0]}", *map(str, resolutions)],
        ),
        "aspect": _coded(np.searchsorted(borders, width / height), [*names, OTHER]),
        "duration": _coded(
            np.where(duration < durations[0], 0, np.maximum(beyond, 1)),
            [f"{lower}_{upper}" for lower, upper in pairwise((0, *durations, "inf"))],
        ),
    }


def folder_of(bins: Mapping[Bin, str], by: Collection[Bin] = BINS) -> str:
    """Folder below the shards' root, e.g. `resolution_720/aspect_ratio_16_9`; empty if nothing is binned by."""
    return "/".join(f"{PREFIXES[name]}_{bins[name]}" for name in BINS if name in by)


def _coded(codes: NDArray[np.integer], names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names, pa.string()))
