"""How long and how large compared clips are, and where they come from, as far as that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.stage.neighbours import Compared
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, VIDEOS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sizes:
    """What n clips weigh.

    Attributes:
        source: int64 [n], number of the source of each clip.
        names: of the sources, sorted: paths or URLs of videos, else their numbers; empty where they are not known.
        seconds: float64 [n]; None where split has not written the clips.
        num_bytes: int64 [n]; None likewise.
    """

    source: NDArray[np.int64]
    names: tuple[str, ...]
    seconds: NDArray[np.float64] | None = None
    num_bytes: NDArray[np.int64] | None = None


def sizes_of(store: Store, compared: Compared) -> Sizes:
    """Look the clips up in CLIPS and VIDEOS, if those know all that were compared; embeddings may be of anything."""
    clips = _table(store, "clips", CLIPS)
    rows = pc.index_in(compared.ids, value_set=clips["clip_id"])
    if rows.null_count or not len(rows):
        if compared.sources is None:
            return Sizes(source=np.zeros(len(rows), np.int64), names=())
        source, names = _numbered(compared.sources.astype(str))
        return Sizes(source=source, names=names)
    clips, videos = clips.take(rows), _table(store, "videos", VIDEOS)
    uris = videos["uri"].take(pc.index_in(clips["video_id"], value_set=videos["video_id"]))
    source, names = _numbered(pc.coalesce(uris, clips["video_id"], "").to_numpy().astype(str))
    seconds, num_bytes = clips["duration"].to_numpy(), clips["num_bytes"].to_numpy()
    return Sizes(source=source, names=names, seconds=seconds, num_bytes=num_bytes)


def _numbered(names: NDArray[np.str_]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    found, numbers = np.unique(names, return_inverse=True)
    return numbers, tuple(found.tolist())


def _table(store: Store, name: str, schema: pa.Schema) -> pa.Table:
    keys = store.keys(f"tables/{name}", ".parquet")
    return pa.concat_tables([schema.empty_table(), *map(store.read_table, keys)])
