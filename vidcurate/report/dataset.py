"""What the page reads from a dataset; a step that has not been done leaves an empty table or None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.stage.decide import FOLDER as DECISIONS_FOLDER
from vidcurate.stage.neighbours import FOLDER as NEIGHBOURS_FOLDER
from vidcurate.stage.review.heed import kept_by_word, overruled
from vidcurate.stage.review.verdicts import REVIEWED
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store
from vidcurate.table import NEIGHBOURS

INDEX = "webdataset/v0/index.json"
EPSILON_TABLE, EPSILON_CURVE = "semantic/epsilon_table.csv", "semantic/epsilon_curve.png"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """The tables of a dataset.

    Attributes:
        videos: VIDEOS.
        clips: CLIPS, in which what a person keeps passes the filters.
        scores: SCORES.
        bounds: BOUNDS.
        captions: CAPTIONS.
        failures: FAILURES.
        neighbours: NEIGHBOURS.
        decisions: DECISIONS; None before dedup.
        eps: at which they were made; None before dedup and where nothing is compared.
        index: of the shards; empty before shard.
    """

    videos: pa.Table
    clips: pa.Table
    scores: pa.Table
    bounds: pa.Table
    captions: pa.Table
    failures: pa.Table
    neighbours: pa.Table
    decisions: pa.Table | None
    eps: float | None
    index: Mapping[str, Any]

    @property
    def unique(self) -> pa.Table | None:
        """CLIPS of those that dedup keeps; None before dedup."""
        if self.decisions is None:
            return None
        kept = self.decisions.filter(self.decisions["kept"])["id"].combine_chunks()
        return self.clips.filter(pc.and_(self.clips["kept"], pc.is_in(self.clips["clip_id"], value_set=kept)))

    @property
    def num_duplicates(self) -> int:
        """Clips that dedup drops; not those that a person does."""
        if self.decisions is None:
            return 0
        dropped = self.decisions.filter(pc.invert(self.decisions["kept"]))
        return int(pc.sum(pc.not_equal(dropped["reason"], REVIEWED)).as_py() or 0)

    @property
    def chosen(self) -> pa.Table:
        """CLIPS of those that are in the dataset as far as is known."""
        unique = self.unique
        return self.clips.filter(self.clips["kept"]) if unique is None else unique


def read_dataset(store: Store, eps: float | None) -> Dataset:
    """Read what there is.

    Args:
        store: the dataset.
        eps: show the decisions at this epsilon; None or one that was not tried shows the first there are.
    """
    tables = read_tables(store, but=["hashes"])
    decisions, decided = _decisions(store, eps)
    return Dataset(
        videos=tables.videos,
        clips=overruled(tables.clips, kept_by_word(decisions)),
        scores=tables.scores,
        bounds=tables.bounds,
        captions=tables.captions,
        failures=tables.failures,
        neighbours=_parts(store, NEIGHBOURS_FOLDER, NEIGHBOURS),
        decisions=decisions,
        eps=decided,
        index=store.read_json(INDEX) if store.exists(INDEX) else {},
    )


def _parts(store: Store, folder: str, schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *map(store.read_table, store.keys(folder, ".parquet"))])


def _decisions(store: Store, eps: float | None) -> tuple[pa.Table | None, float | None]:
    found = {}
    for key in store.keys(DECISIONS_FOLDER, ".parquet"):
        name = key.split("/")[-2]
        tried = re.match(r"eps=([\d.]+(?:e-?\d+)?)", name)  # what follows says where it holds
        found[float(tried[1]) if tried else None] = key
    if not found:
        return None, None
    decided = eps if eps in found else min(found, key=lambda value: (value is not None, value or 0.0))
    return store.read_table(found[decided]), decided
