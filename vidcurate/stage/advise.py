"""The advise step: pairs to mark, the precision that marks give, and what chance would do; from what dedup stored."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, is_duplicate
from vidcurate.errors import MissingInput
from vidcurate.neighbours.graph import Graph
from vidcurate.records import Columns, OnBad
from vidcurate.stage.chance import Chance, by_chance
from vidcurate.stage.decide import witnesses
from vidcurate.stage.dedup import vectors_of
from vidcurate.stage.draw import draw, in_band
from vidcurate.stage.labels import find_labels, match, read_labels
from vidcurate.stage.neighbours import Compared, stored_neighbours
from vidcurate.stage.precision import Band, Precision, Request, edges, largest, next_step, steps
from vidcurate.stage.review.heed import overruled
from vidcurate.stage.review.verdicts import review_of
from vidcurate.stage.vectors import Vectors
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from vidcurate.recipe import Recipe
    from vidcurate.stage.settle import Tables

log = logging.getLogger(__name__)

DECISIONS = 10_000_000
"""Pairs, times epsilons, that are decided on so that the page knows what is kept at each: seconds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Advice:
    """What can be said of epsilon.

    Attributes:
        ids: of n clips, sorted.
        graph: their similar pairs; rows are those of ids.
        twins: clips that another one stands for: a copy of it, or of equal vector.
        made_from: fingerprint of the comparison.
        shown: rows of pairs to show: those that were drawn, and all that were marked.
        labels: what was said, by row of the pair.
        bands: from the most similar on, with their marks.
        pairs: above 1 - eps, of every epsilon that may be advised, rising.
        kept: clips that dedup keeps at each of them; where there are many pairs, at the bands' borders and at `best`.
        chance: of random pairs; None where vectors are missing.
        target: precision that is wanted.
        best: the largest epsilon whose precision is that, by the lower end of its interval; None if there is none.
        request: which marks would carry it further; None if none would.
    """

    ids: pa.Array
    graph: Graph
    twins: int
    made_from: str
    shown: Sequence[int]
    labels: Mapping[int, str]
    bands: Sequence[Band]
    pairs: Mapping[float, int]
    kept: Mapping[float, int]
    chance: Chance | None
    target: float
    best: Precision | None
    request: Request | None


def advise(
    store: Store,
    tables: Tables,
    recipe: Recipe,
    embeddings: str | None,
    seed: int,
    *,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
) -> Advice:
    """Draw pairs to mark, and judge epsilon by those that have been.

    Args:
        store: the dataset; dedup has compared its clips.
        tables: what split knows.
        recipe: `dedup` says which pairs count and what is kept, `advise` how many are drawn and what is wanted.
        embeddings: parquet files that dedup was given, if any.
        seed: of chance.
        columns: as dedup was given them.
        on_bad: likewise.

    Raises:
        MissingInput: dedup has not compared its clips with these settings.
        ConfigError: labels cannot be read, or are of another dataset.
    """
    rule, wishes = recipe.dedup, recipe.advise
    tables = replace(tables, clips=overruled(tables.clips, review_of(rule.review, tables.clips)))
    read = partial(vectors_of, store, tables, recipe, embeddings, columns, on_bad)
    compared = stored_neighbours(store, rule)
    graph = _in_scope(compared, rule)
    borders = edges(graph.floor)
    place = find_labels(store, wishes.labels)
    labels = match(place, read_labels(place), compared.ids, graph) if place else {}
    bands = [_band(graph.similarity, inner, outer, labels) for inner, outer in borders]
    pairs = {eps: int(is_duplicate(graph.similarity, eps).sum()) for eps in steps(graph.floor)}
    drawn = draw(graph, borders, wishes.per_band, seed)
    best = largest(bands, pairs, wishes.precision)
    few = len(graph.first) * len(pairs) <= DECISIONS
    tried = list(pairs) if few else sorted({outer for _, outer in borders} | ({best.eps} if best else set()))
    return Advice(
        ids=compared.ids,
        graph=graph,
        twins=int((compared.stands != np.arange(len(compared.ids))).sum()),
        made_from=compared.made_from,
        shown=list(dict.fromkeys([*drawn, *_bands_of(labels, graph, borders)])),
        labels=labels,
        bands=bands,
        pairs=pairs,
        kept=_kept(compared, rule, {eps: pairs[eps] for eps in tried}),
        chance=_chance(read, compared, seed),
        target=wishes.precision,
        best=best,
        request=next_step(bands, pairs, wishes.precision, best.eps if best else 0.0),
    )


def _in_scope(compared: Compared, rule: Dedup) -> Graph:
    """The pairs that the rule looks at, whatever their similarity."""
    graph, sources = compared.graph, compared.sources
    if rule.scope == "all" or sources is None:
        return graph
    chosen = (sources[graph.first] == sources[graph.second]) == (rule.scope == "within_source")
    columns = {name: getattr(graph, name)[chosen] for name in ("first", "second", "similarity")}
    return replace(graph, **columns)


def _band(similarity: NDArray[np.float32], inner: float, outer: float, labels: Mapping[int, str]) -> Band:
    rows = in_band(similarity, inner, outer)
    words = Counter(labels[row] for row in np.intersect1d(rows, np.array(list(labels), np.int64)).tolist())
    return Band(inner=inner, outer=outer, pairs=len(rows), **words)


def _bands_of(labels: Mapping[int, str], graph: Graph, borders: Sequence[tuple[float, float]]) -> list[int]:
    """Rows with a label that lie in a band."""
    if not borders:
        return []
    rows = np.array(sorted(labels), np.int64)
    return [int(row) for row in rows[is_duplicate(graph.similarity[rows], borders[-1][1])]]


def _kept(compared: Compared, rule: Dedup, pairs: Mapping[float, int]) -> dict[float, int]:
    """Clips that are kept at each epsilon; where no pair is added, nothing changes."""
    kept: dict[float, int] = {}
    before: tuple[int, int] | None = None
    rows = np.arange(len(compared.ids))
    for eps, count in pairs.items():
        known = compared.known_at(eps)
        if before != (count, known.sum()):
            before = count, int(known.sum())
            alone = replace(rule, eps=eps, eps_within_source=None, eps_across_sources=None, sweep=())
            stay = int(((witnesses(compared, alone) == rows) & ~known).sum())
        kept[eps] = stay
    return kept


def _chance(read: Callable[[], Vectors], compared: Compared, seed: int) -> Chance | None:
    try:
        vectors = read()
    except MissingInput as error:
        log.warning("advise: chance is left out: %s", error)
        return None
    if not vectors.ids.equals(compared.ids):
        log.warning("advise: chance is left out: the vectors are of other clips than dedup has compared")
        return None
    chance = by_chance(vectors.matrix, vectors.sources, seed)
    if not chance.drawn:
        log.warning("advise: chance is left out: all clips are of one source")
    return chance if chance.drawn else None
