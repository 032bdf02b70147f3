"""The clips that the page shows: pairs around the threshold of dedup, and a sheet of those that made it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MediaError
from vidcurate.report.dataset import Dataset
from vidcurate.stage.publish import PREVIEWS
from vidcurate.stage.settle import clips_store
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

BORDERLINE, ALIKE, MISSED, SHEET = 16, 8, 8, 48
"""How many pairs of each kind and clips are shown at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A clip as the page shows it.

    Attributes:
        clip_id: which one.
        link: its file relative to the page; None where there is none.
        source: uri of its video.
        start: seconds of the source's clock.
        end: likewise.
        duration: seconds.
        width: display width in pixels.
        height: display height in pixels.
        caption: text, or an empty string.
        picture: data URI; None where the clip cannot be shown.
    """

    clip_id: str
    link: str | None = None
    source: str = ""
    start: float = 0.0
    end: float = 0.0
    duration: float = 0.0
    width: int = 0
    height: int = 0
    caption: str = ""
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A clip beside the most similar clip that is kept before it.

    Attributes:
        clip: dropped, or kept though it is similar.
        witness: the other one.
        witness_kept: False where it is dropped itself, for another clip.
        similarity: cosine.
    """

    clip: Shown
    witness: Shown
    witness_kept: bool
    similarity: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """What there is to see of dedup.

    Attributes:
        borderline: duplicates nearest to the threshold, the nearest first.
        alike: the most similar of the other duplicates.
        missed: clips just below the threshold, which are kept.
    """

    borderline: list[Pair]
    alike: list[Pair]
    missed: list[Pair]


def pairs(store: Store, dataset: Dataset) -> Pairs | None:
    """Pairs to judge an epsilon by; None before dedup."""
    if dataset.decisions is None:
        return None
    decisions = dataset.decisions.sort_by([("similarity", "ascending"), ("id", "ascending")])
    dropped = decisions.filter(pc.is_valid(decisions["witness_id"])).select(["id", "witness_id", "similarity"])
    kept = decisions.filter(decisions["kept"])["id"].combine_chunks()
    near = dataset.neighbours.filter(pc.is_in(dataset.neighbours["id"], value_set=kept))
    near = near.filter(pc.not_equal(near["id"], near["max_id"]))  # the first of a cluster is its own neighbour
    near = near.sort_by([("cosine_sim_score", "descending"), ("id", "ascending")])
    borderline, missed = _links(dropped.slice(0, BORDERLINE)), _links(near.slice(0, MISSED))
    alike = _links(dropped.slice(max(BORDERLINE, dropped.num_rows - ALIKE)))[::-1]
    shown = _shown(store, dataset, {name for link in borderline + alike + missed for name in link[:2]}, frames=3)
    survivors = set(kept.filter(pc.is_in(kept, value_set=pa.array(list(shown), pa.string()))).to_pylist())
    groups = (
        [
            Pair(clip=shown[clip], witness=shown[witness], witness_kept=witness in survivors, similarity=similarity)
            for clip, witness, similarity in links
        ]
        for links in (borderline, alike, missed)
    )
    return Pairs(*groups)


def sheet(store: Store, dataset: Dataset) -> list[Shown]:
    """Clips of the finished dataset, evenly spread over its videos."""
    chosen = dataset.chosen
    rows = np.unique(np.linspace(0, chosen.num_rows - 1, min(SHEET, chosen.num_rows)).round().astype(np.int64))
    names = chosen["clip_id"].take(pa.array(rows)).to_pylist()
    shown = _shown(store, dataset, set(names), frames=1)
    return [shown[name] for name in names]


def _links(table: pa.Table) -> list[tuple[str, str, float]]:
    """Rows of a table of id, other id and similarity."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _shown(store: Store, dataset: Dataset, names: Collection[str], frames: int) -> dict[str, Shown]:
    """Clips by id, each with a picture of so many frames."""
    clips = _rows(dataset.clips, "clip_id", names)
    texts = _rows(dataset.captions, "clip_id", names)
    originals = dataset.videos.filter(pc.not_equal(dataset.videos["status"], "duplicate"))
    sources = _rows(originals, "video_id", {row["video_id"] for row in clips.values()})
    found = {name: Shown(clip_id=name) for name in names}  # dedup of foreign embeddings knows ids alone
    for name, row in clips.items():
        found[name] = Shown(
            clip_id=name,
            link=row["uri"],
            source=sources.get(row["video_id"], {}).get("uri", ""),
            start=row["start"],
            end=row["end"],
            duration=row["duration"],
            width=row["width"],
            height=row["height"],
            caption=_caption(texts.get(name, {})),
            picture=_picture(clips_store(store), row, frames) if row["uri"] else None,
        )
    return found


def _caption(row: Mapping[str, Any]) -> str:
    return row.get("enhanced_caption") or row.get("caption") or ""


def _rows(table: pa.Table, key: str, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Rows of a table by their key, the first of each."""
    chosen = table.filter(pc.is_in(table[key], value_set=pa.array(sorted(names), pa.string())))
    return {row[key]: row for row in chosen.to_pylist()[::-1]}


def _picture(store: Store, clip: Mapping[str, Any], frames: int) -> str | None:
    """The strip that split has drawn, or one of so many frames where it has not."""
    from vidcurate.video.thumbnail import strip

    preview = f"{PREVIEWS}/{clip['clip_id']}.jpg"
    try:
        if store.exists(preview):
            return _embedded(store.read(preview))
        with store.fs.open(store.path(clip["uri"]), "rb") as file:
            return _embedded(strip(file, frames, clip["width"], clip["height"]))
    except (MediaError, OSError) as error:
        log.warning("report: no picture of %s: %s", clip["uri"], error)
        return None


def _embedded(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
