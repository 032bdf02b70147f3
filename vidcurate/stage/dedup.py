"""The dedup step: vectors, clusters, neighbours, decisions, comparison; each is made only if its makings changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from vidcurate.cluster.base import Cluster
from vidcurate.dedup.base import Dedup
from vidcurate.model.device import best_device
from vidcurate.neighbours.base import Neighbours
from vidcurate.records import Columns, OnBad
from vidcurate.runtime.base import Runtime
from vidcurate.stage.against import load_reference
from vidcurate.stage.cluster import cluster_vectors, one_group
from vidcurate.stage.decide import Decisions, decide
from vidcurate.stage.dropped import record_dropped
from vidcurate.stage.epsilon import compare_epsilons
from vidcurate.stage.facts import facts_of, sources_of
from vidcurate.stage.known import find_known, forget_known
from vidcurate.stage.neighbours import Compared, find_neighbours
from vidcurate.stage.recall import measure_recall
from vidcurate.stage.review.heed import heeded, overruled
from vidcurate.stage.review.verdicts import Review, demand_known, review_of
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import clips_store
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from vidcurate.recipe import Recipe
    from vidcurate.stage.settle import Tables


def dedup_clips(
    store: Store,
    tables: Tables,
    recipe: Recipe,
    embeddings: str | None,
    seed: int,
    *,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
    against: Sequence[str] = (),
    runtime: Runtime | None = None,
) -> Decisions:
    """Decide which clips of a dataset are duplicates.

    Args:
        store: the dataset.
        tables: what split knows; only clips that the filters kept are compared, and each must have a vector.
            Where it knows no clip, all vectors are.
        recipe: cluster, neighbours and dedup do the work.
        embeddings: take vectors from these parquet files instead of those that split wrote.
        seed: of everything random.
        columns: names of the columns of `embeddings`; those that are not given are found.
        on_bad: whether rows that cannot be used are errors, or left out and recorded.
        against: datasets or parquet files; what is within epsilon of any clip of theirs is dropped as `known`.
        runtime: its workers share the clusters, if they are elsewhere; None is this process.

    Raises:
        ConfigError: the review cannot be followed.
        MissingInput: vectors are missing.
        ShapeError: vectors are unusable.
    """
    review = review_of(recipe.dedup.review, tables.clips)
    tables = replace(tables, clips=overruled(tables.clips, review))
    vectors = vectors_of(store, tables, recipe, embeddings, columns, on_bad)
    if review is not None and not tables.clips.num_rows:
        demand_known(review, vectors.ids)
    record_dropped(store, vectors)
    hashes = tables.hashes if tables.hashes.num_rows else None
    reference = _reference(against, vectors, store, recipe, embeddings) if against else None
    return dedup(
        store,
        vectors,
        recipe.cluster,
        recipe.neighbours,
        recipe.dedup,
        seed,
        best_device(),
        hashes=hashes,
        reference=reference,
        review=review,
        runtime=runtime,
    )


def _reference(
    against: Sequence[str], vectors: Vectors, store: Store, recipe: Recipe, embeddings: str | None
) -> Vectors:
    if embeddings is None:
        return load_reference(against, vectors, written_vectors(store, recipe), [store.url])
    return load_reference(against, vectors, None, [store.url, embeddings])


def written_vectors(store: Store, recipe: Recipe) -> str:
    """Folder below the dataset of the vectors that split wrote."""
    return str(committed(store, TABLES).get("embeddings", recipe.embedder.folder))


def vectors_of(
    store: Store, tables: Tables, recipe: Recipe, embeddings: str | None, columns: Columns | None, on_bad: OnBad
) -> Vectors:
    """The vectors that dedup compares, with what is known of their clips; arguments and errors as above."""
    place = embeddings or f"{clips_store(store).url.rstrip('/')}/{written_vectors(store, recipe)}"
    kept = tables.clips["clip_id"].filter(tables.clips["kept"]).combine_chunks()
    vectors = load_vectors(place, only=kept if tables.clips.num_rows else None, columns=columns, on_bad=on_bad)
    if tables.clips.num_rows:
        vectors = replace(vectors, facts=facts_of(vectors.ids, tables), sources=sources_of(vectors.ids, tables))
    return vectors


def dedup(
    store: Store,
    vectors: Vectors,
    cluster: Cluster,
    neighbours: Neighbours,
    rule: Dedup,
    seed: int,
    device: str,
    *,
    hashes: pa.Table | None = None,
    reference: Vectors | None = None,
    review: Review | None = None,
    runtime: Runtime | None = None,
) -> Decisions:
    """Decide which vectors are duplicates; another epsilon redoes only that, another order the comparison too."""
    if not rule.compares:
        return decide(store, heeded(Compared.none(vectors), review), rule)
    search = neighbours.chosen(len(vectors.ids), vectors.matrix.shape[1], device)
    grouping = cluster_vectors(store, vectors, cluster, seed, device) if search.needs_clusters else one_group(vectors)
    compared = find_neighbours(store, vectors, grouping, search, rule, seed, device, hashes, runtime)
    if reference is None:
        forget_known(store)
    else:
        compared = replace(compared, known=find_known(store, vectors, reference, device))
    recall = measure_recall(store, vectors, grouping.clusters, search, compared, seed, device)
    compared = heeded(compared, review)
    decisions = decide(store, compared, rule)
    compare_epsilons(store, compared, rule, recall)
    return decisions
