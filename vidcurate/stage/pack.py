"""From tables to a dataset: which clips are packed, on which side each is, and what becomes of the others."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MissingInput
from vidcurate.recipe import Recipe
from vidcurate.records import Foreign
from vidcurate.runtime.base import Runtime
from vidcurate.sharder.plan import plan
from vidcurate.stage.append import Batch, batch
from vidcurate.stage.card import made_with
from vidcurate.stage.dedup import written_vectors
from vidcurate.stage.drops import drops_of
from vidcurate.stage.foreign_decisions import decided
from vidcurate.stage.review.heed import overruled
from vidcurate.stage.review.verdicts import review_of
from vidcurate.stage.samples import is_kept, samples
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import Tables, clips_store
from vidcurate.stage.shard import Whole, shard, stored_shards
from vidcurate.stage.subsets import subsets
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

OURS = Foreign()


def pack(
    store: Store, tables: Tables, recipe: Recipe, runtime: Runtime, seed: int, foreign: Foreign = OURS
) -> dict[str, int]:
    """Pack the clips of a dataset that the filters and dedup keep.

    Args:
        store: the dataset.
        tables: what split knows.
        recipe: the dedup rule says which decisions count, the sharder how clips are packed.
        runtime: maps over workers.
        seed: of the shuffle, and of the order in which videos go to val and test.
        foreign: says which decisions count that are not the dataset's own.

    Returns:
        Number of `shards`, of `samples` in them, and their `bytes`.

    Raises:
        ConfigError: the review cannot be followed.
        MissingInput: split or dedup has not been done, or not with these settings.
    """
    if not tables.clips.num_rows:
        raise MissingInput(f"{store.url}: no clips to pack; run +experiment=split source.path=... out=... first")
    source, sharder = clips_store(store), recipe.sharder
    review = review_of(recipe.dedup.review, tables.clips)
    found = decided(store, source, overruled(tables.clips, review), recipe.dedup, foreign, review)
    kept = found.clips["clip_id"].filter(is_kept(found.clips, found.decisions))
    sides = subsets(found.clips, found.decisions, kept, sharder.val, sharder.test, seed)
    vectors = _vectors(source, recipe, kept) if sharder.wants_vectors else None
    chosen = samples(replace(tables, clips=found.clips), found.decisions, sharder, sides, vectors)
    cut = committed(store, TABLES)["fingerprint"]
    if sharder.append and committed(store, sharder.folder):
        added = batch(store, stored_shards(store, sharder), chosen, found.clips, found.decisions, sharder, seed, cut)
    else:  # nothing that is whole is there to append to
        added = Batch(parts=plan(chosen, sharder, seed), new=chosen)
    every = _all(tables.clips, found.clips)
    keys = added.keys
    there = keys.filter(pc.is_in(keys, value_set=every["clip_id"].combine_chunks()))  # what was packed may be gone
    drops = drops_of(replace(tables, clips=every), found.decisions, there, found.dropped, added.left)
    whole = Whole(cut=cut, stale=added.stale, packed=keys, drops=drops, tables=tables, about=made_with(recipe))
    return shard(source, store, added.parts, sharder, whole, runtime, added.base)


def _all(cut: pa.Table, decided: pa.Table) -> pa.Table:
    """CLIPS that were decided about, and those that could not be."""
    others = pc.invert(pc.is_in(cut["clip_id"], value_set=decided["clip_id"].combine_chunks()))
    return pa.concat_tables([decided, cut.filter(others)])


def _vectors(source: Store, recipe: Recipe, kept: pa.ChunkedArray) -> Vectors | None:
    if not len(kept):
        return None
    return load_vectors(f"{source.url.rstrip('/')}/{written_vectors(source, recipe)}", only=kept.combine_chunks())
