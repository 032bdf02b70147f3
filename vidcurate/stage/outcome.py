"""What an epsilon would make of compared clips, worked out from the stored pairs and not stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vidcurate.dedup.base import Dedup, Links, is_duplicate
from vidcurate.stage.decide import as_said, fates, links_of, roots
from vidcurate.stage.neighbours import Compared


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """The fate of n clips at one epsilon.

    Attributes:
        eps: the epsilon.
        kept: bool [n].
        groups: clips that are kept for themselves and others.
        grouped: clips of those groups, the kept ones included.
        largest: clips of the largest group; 0 where there is none.
        semdedup_removed: clips that SemDeDup's rule would drop on the same pairs and ranks.
        semdedup_orphans: those of them to which no clip that it keeps is within epsilon.
    """

    eps: float
    kept: NDArray[np.bool_]
    groups: int
    grouped: int
    largest: int
    semdedup_removed: int
    semdedup_orphans: int


def outcomes(compared: Compared, rule: Dedup, epsilons: Iterable[float]) -> dict[float, Outcome]:
    """Outcome by epsilon; each looks only at the pairs that the next larger one has linked.

    Raises:
        MissingInput: pairs are not listed far enough down.
    """
    found = {}
    for eps in sorted(set(epsilons), reverse=True):
        links = links_of(compared, replace(rule, eps=eps))
        found[eps] = _outcome(links, compared, replace(rule, eps=eps))
        graph = replace(compared.graph, first=links.first, second=links.second, similarity=links.similarity)
        compared = replace(compared, graph=graph)
    return found


def _outcome(links: Links, compared: Compared, rule: Dedup) -> Outcome:
    witness = as_said(fates(links, compared, rule), compared)
    sizes = np.bincount(roots(witness))
    sizes = sizes[sizes > 1]
    removed, orphans = _semdedup(links, compared.stands, rule.eps)
    return Outcome(
        eps=rule.eps,
        kept=(witness == np.arange(len(witness))) & ~compared.known_at(rule.eps) & ~compared.said("drop"),
        groups=len(sizes),
        grouped=int(sizes.sum()),
        largest=int(sizes.max(initial=0)),
        semdedup_removed=removed,
        semdedup_orphans=orphans,
    )


def _semdedup(links: Links, stands: NDArray[np.int64], eps: float) -> tuple[int, int]:
    """Clips that are dropped for any that ranks before them, and those of them of which every such one is dropped."""
    removed, covered = (np.zeros(len(stands), np.bool_) for _ in range(2))
    removed[links.second] = True
    covered[links.second[~removed[links.first]]] = True
    orphans = (removed & ~covered)[stands]
    if is_duplicate(np.ones(1, np.float32), eps)[0]:
        removed = removed[stands] | (stands != np.arange(len(stands)))
    return int(removed.sum()), int(orphans.sum())
