"""One comparison of every epsilon tried so far: tables, and the curve they lie on.

All is worked out from the stored pairs, whoever has tried an epsilon: a job of a sweep, which leaves a folder of
decisions, or `dedup.sweep` of one call, which leaves a list. Jobs may run at the same time, and one that fails takes
nothing from the others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from vidcurate.dedup.base import Dedup
from vidcurate.registry import fingerprint
from vidcurate.stage.curve import draw, grid
from vidcurate.stage.decide import FOLDER as DECISIONS_FOLDER
from vidcurate.stage.decide import decisions_folder
from vidcurate.stage.epsilon_table import csv_of, markdown_of, row_of, sources_csv
from vidcurate.stage.neighbours import Compared
from vidcurate.stage.outcome import Outcome, outcomes
from vidcurate.stage.recall import Rates, Recall
from vidcurate.stage.sizes import Sizes, sizes_of
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

NAME = "semantic/epsilon_table"
SOURCES = "semantic/epsilon_sources.csv"
CURVE = "semantic/epsilon_curve.png"
SWEEPS = "semantic/sweeps"


def compare_epsilons(store: Store, compared: Compared, rule: Dedup, recall: Recall | None = None) -> None:
    """Write the tables and the curve over all epsilons that were tried on these neighbours.

    Args:
        store: the dataset.
        compared: the clips.
        rule: as it was applied to them; its epsilon and its sweep are tried.
        recall: what the search has missed; None where that was not measured.

    Raises:
        MissingInput: pairs are not listed far enough down.
    """
    sizes, known = sizes_of(store, compared), outcomes(compared, rule, {rule.eps, *rule.sweep})
    _note(store, compared, rule)
    tried: list[float] = []
    while tried != (tried := _tried(store, compared, rule)):  # another job may have tried one: the last sees all
        drawn = sorted({*tried, *grid(compared.graph.floor, tried[-1])})
        known |= outcomes(compared, rule, set(drawn) - set(known))
        found = [known[eps] for eps in tried]
        rates = [_rates(compared, rule, recall, eps) for eps in tried]
        rows = [row_of(outcome, rate, sizes) for outcome, rate in zip(found, rates, strict=True)]
        store.write(f"{NAME}.csv", csv_of(rows).encode())
        store.write(f"{NAME}.md", markdown_of(rows, found, sizes).encode())
        if sizes.names:
            store.write(SOURCES, sources_csv(found, sizes))
        else:
            store.remove(SOURCES)
        _write_curve(store, compared, [known[eps] for eps in drawn], tried, sizes, rule.eps)
    _tell(known[rule.eps], _rates(compared, rule, recall, rule.eps))
    log.debug("epsilon table: %d epsilons in %s.csv", len(tried), NAME)


def _note(store: Store, compared: Compared, rule: Dedup) -> None:
    """Leave a list of the epsilons of one call."""
    if rule.sweep:
        made_from, epsilons = _made_from(compared, rule), sorted({rule.eps, *rule.sweep})
        store.write_json(
            f"{SWEEPS}/{fingerprint(made_from, epsilons)}.json", {"fingerprint": made_from, "epsilons": epsilons}
        )


def _tried(store: Store, compared: Compared, rule: Dedup) -> list[float]:
    """All epsilons at which these neighbours were decided by this rule, all else equal."""
    found = {rule.eps}
    for key in store.keys(DECISIONS_FOLDER, ".parquet"):
        folder = str(PurePosixPath(key).parent)
        record = committed(store, folder)
        same = record.get("neighbours") == compared.made_from and record.get("rule") == fingerprint(rule)
        if same and folder == decisions_folder(replace(rule, eps=record["eps"])):
            found.add(record["eps"])
    for sweep in map(store.read_json, store.keys(SWEEPS, ".json")):
        if sweep["fingerprint"] == _made_from(compared, rule):
            found.update(sweep["epsilons"])
    return sorted(found)


def _made_from(compared: Compared, rule: Dedup) -> str:
    return fingerprint(rule, [getattr(rule, name) for name in rule.late], compared.made_from)


def _rates(compared: Compared, rule: Dedup, recall: Recall | None, eps: float) -> Rates:
    return Rates(None, None) if recall is None else recall.at(compared, replace(rule, eps=eps))


def _tell(outcome: Outcome, rates: Rates) -> None:
    pairs, items = rates
    if pairs is not None and pairs.low < 1:
        log.debug("recall at eps=%r: pairs %s, clips with an earlier duplicate %s", outcome.eps, pairs, items)
    removed, orphans = outcome.semdedup_removed, outcome.semdedup_orphans
    log.debug("orphans: SemDeDup would have orphaned %d of the %d it drops at eps=%r", orphans, removed, outcome.eps)


def _write_curve(
    store: Store, compared: Compared, drawn: Sequence[Outcome], tried: Sequence[float], sizes: Sizes, eps: float
) -> None:
    try:
        picture = draw(drawn, tried, sizes, compared.graph.nearest.similarity, eps)
    except ImportError:
        log.info("epsilon curve: not drawn, matplotlib is not installed: pip install 'vidcurate[report]'")
        store.remove(CURVE)
        return
    store.write(CURVE, picture)
