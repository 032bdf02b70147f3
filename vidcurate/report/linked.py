"""What a browser needs to decide at any epsilon what dedup would decide: similar pairs, in the order of the ranks."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup
from vidcurate.dedup.components import Components
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.errors import VidcurateError
from vidcurate.stage.copies import EXACT, PERCEPTUAL
from vidcurate.stage.neighbours import FOLDER, Compared, stored_neighbours
from vidcurate.stage.outcome import outcomes
from vidcurate.stage.review.heed import heeded
from vidcurate.stage.review.verdicts import read_review
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

RULES = (Leader, Components, SemDeDup)
"""Those that the page knows too."""
PAIRS = 150_000
"""Pairs that travel at most, the most similar ones; 2.4 MB."""
CLIPS = 50_000
"""Clips of those pairs, at most."""
READ = 1_000_000
"""Pairs, and clips, that are read for it at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linked:
    """Clips that some epsilon of the page may drop, or drop others for; all others stay.

    Attributes:
        rule: what decides, whatever its epsilon.
        rows: int64 [m], their rows in ORDER, those that are kept first before the others.
        first: int64 [p], clip of each pair that ranks before the other, as a number below m.
        second: int64 [p], the other; pairs are sorted by it, then by the first.
        similarity: float32 [p].
        floor: cosine from which on all pairs are here: epsilons up to 1 - floor can be decided.
        compared: all clips.
    """

    rule: Dedup
    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float32]
    floor: float
    compared: Compared

    @property
    def stands(self) -> NDArray[np.int64]:
        """Int64 [m], the clip that was compared in the place of each."""
        at = np.full(len(self.compared.ids), -1)
        at[self.rows] = np.arange(len(self.rows))
        return at[self.compared.stands[self.rows]]

    @property
    def copies(self) -> NDArray[np.uint8]:
        """Uint8 [m]: 1 is an exact copy of the one in its place, 2 a perceptual one, 0 none."""
        reasons = self.compared.order["reason"].take(self.rows)
        exact, alike = (pc.equal(reasons, word).to_numpy() for word in (EXACT, PERCEPTUAL))
        return np.asarray(exact + 2 * alike.astype(np.uint8), np.uint8)

    @property
    def said(self) -> NDArray[np.uint8]:
        """Uint8 [m]: 1 is kept by a person's word, 2 dropped by it, 0 neither."""
        keep, drop = (self.compared.said(word)[self.rows] for word in ("keep", "drop"))
        return np.asarray(keep + 2 * drop.astype(np.uint8), np.uint8)


def linked(store: Store, rule: Dedup, eps: float, decisions: pa.Table) -> Linked | None:
    """Read what dedup has stored; None where the page cannot decide by it, which the log says.

    Args:
        store: the dataset.
        rule: by which it was decided.
        eps: at which; it must be among those that can be decided.
        decisions: DECISIONS that came of it; what is told here must come to the same.
    """
    record = committed(store, FOLDER)
    if type(rule) not in RULES or not record or max(record["pairs"], record["clips"]) > READ:
        return None
    try:
        compared = stored_neighbours(store, rule)
        compared = heeded(compared, read_review(rule.review) if rule.review else None)
    except (VidcurateError, OSError) as error:
        log.info("report: %s", error)
        return None
    if rule.knows_sources and compared.sources is None:
        return None
    graph = compared.graph
    floor, chosen = graph.floor, np.arange(len(graph.first))
    most = min(PAIRS, len(chosen))
    while True:
        if len(chosen) > most:
            bar = np.partition(graph.similarity, -most - 1)[-most - 1]  # the most similar one that has no room
            chosen, floor = np.flatnonzero(graph.similarity > bar), float(np.nextafter(bar, np.float32(2)))
        rows = _involved(compared, chosen, floor)
        if len(rows) <= CLIPS:
            break
        if most < 2:
            return None
        most //= 2
    fixed = (eps, rule.eps_within_source, rule.eps_across_sources)
    if any(bound is not None and 1 - bound < floor for bound in fixed):
        return None
    kept = outcomes(compared, replace(rule, eps=eps), {eps})[eps].kept
    if not np.array_equal(kept, pc.is_in(compared.ids, value_set=_kept(decisions)).to_numpy(zero_copy_only=False)):
        log.info(
            "report: epsilon has no slider: the decisions are not those of run.json and of the pairs that are stored"
        )
        return None
    at = np.empty(len(compared.ids), np.int64)
    at[rows] = np.arange(len(rows))
    return Linked(
        rule=replace(rule, sweep=()),
        rows=rows,
        first=at[graph.first[chosen]],
        second=at[graph.second[chosen]],
        similarity=graph.similarity[chosen],
        floor=floor,
        compared=compared,
    )


def _kept(decisions: pa.Table) -> pa.Array:
    return decisions["id"].filter(decisions["kept"]).combine_chunks()


def _involved(compared: Compared, pairs: NDArray[np.int64], floor: float) -> NDArray[np.int64]:
    """Rows of the clips of pairs, of those that stand for each other, and of those of which somebody may know more."""
    wanted = np.zeros(len(compared.ids), np.bool_)
    wanted[compared.graph.first[pairs]] = wanted[compared.graph.second[pairs]] = True
    followers = compared.stands != np.arange(len(wanted))
    wanted |= followers
    wanted[compared.stands[followers]] = True
    wanted |= compared.said("keep") | compared.said("drop")
    if compared.known is not None:
        wanted |= compared.known.similarity >= floor
    rows = np.flatnonzero(wanted)
    return rows[np.argsort(compared.ranks[rows])]
