"""What a dedup rule is: in which order clips are kept, and which of them are duplicates at a given epsilon."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.dedup.order import BEST, Candidates, Keep, ranks_by
from vidcurate.neighbours.best import strongest
from vidcurate.registry import Component, settings

Epsilon = Annotated[float, pydantic.Field(ge=0, le=2, allow_inf_nan=False)]
"""1 minus a cosine similarity."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """The pairs of n clips that an epsilon makes duplicates of each other.

    Attributes:
        ranks: int64 [n], smaller is kept first.
        first: int64 [m], row of the clip of each pair that ranks before the other.
        second: int64 [m], row of the other; pairs are sorted by its rank, then by that of the first.
        similarity: float32 [m].
    """

    ranks: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float32]


@settings
class Dedup(Component):
    """How duplicates are decided.

    Attributes:
        compares: whether it looks at neighbours at all; without, clips are not even clustered.
        eps: two clips are duplicates iff their cosine similarity is above 1 - eps.
        scope: which pairs count: `all`, `within_source` (both cut from one video) or `across_sources`.
        eps_within_source: epsilon of pairs from one video; None is `eps`.
        eps_across_sources: epsilon of pairs from different videos; None is `eps`.
        sweep: more epsilons to compare in the same run; decisions are stored and shards made at `eps` only.
        keep: which of two duplicates stays: the `best` by columns, the `hard` one (farther from its centroid), the
            `easy` one, or one at `random`.
        best: columns that say which is best, the most important first; a minus puts large values first.
        copies: whether copies are looked for before vectors are compared, by what split has hashed: clips of the same
            coded frames, and clips whose frames look alike. They are dropped at any epsilon.
        max_bits: of 64, by which the perceptual hashes of two copies may differ in any frame.
        review: path or URL of a CSV file in which a person has decided about clips, whatever rule or filters say.
    """

    kind: ClassVar[str] = "dedup"
    late: ClassVar[tuple[str, ...]] = ("scope", "eps_within_source", "eps_across_sources")
    volatile: ClassVar[frozenset[str]] = frozenset({"eps", "sweep", "review", *late})
    compares: ClassVar[bool] = True

    eps: Epsilon = 0.01
    scope: Literal["all", "within_source", "across_sources"] = "all"
    eps_within_source: Epsilon | None = None
    eps_across_sources: Epsilon | None = None
    sweep: tuple[Epsilon, ...] = ()
    keep: Keep = "best"
    best: tuple[str, ...] = BEST
    copies: bool = True
    max_bits: Annotated[int, pydantic.Field(ge=0, le=16)] = 6
    review: str | None = None

    @property
    def order(self) -> dict[str, object]:
        """What a comparison depends on: rules that rank alike share it."""
        copies = {"max_bits": self.max_bits, "scope": self.scope} if self.copies else {}
        return {"keep": self.keep, "best": self.best if self.keep == "best" else (), "copies": copies}

    @property
    def knows_sources(self) -> bool:
        """Whether it matters from which video a clip comes."""
        return self.scope != "all" or self.eps_within_source is not None or self.eps_across_sources is not None

    @property
    def widest(self) -> float:
        """The largest epsilon that any pair is held against."""
        within = self.eps if self.eps_within_source is None else self.eps_within_source
        across = self.eps if self.eps_across_sources is None else self.eps_across_sources
        return {"all": max(within, across), "within_source": within, "across_sources": across}[self.scope]

    def ranks(self, candidates: Candidates) -> NDArray[np.int64]:
        """Order in which clips are kept: int64 [n], each of 0..n-1 once, smaller first; independent of epsilon."""
        return ranks_by(self.keep, self.best, candidates)

    def counts(self, same_source: NDArray[np.bool_] | None) -> NDArray[np.bool_] | bool:
        """Whether pairs are within the scope; `same_source` as for `linked`."""
        if self.scope == "all" or same_source is None:
            return True
        return same_source if self.scope == "within_source" else ~same_source

    def linked(
        self, similarity: NDArray[np.float32], same_source: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
        """Which pairs are duplicates.

        Args:
            similarity: float32 [m], cosine.
            same_source: bool [m], whether both clips are of one video; None where that is not known.

        Returns:
            bool [m].
        """
        if same_source is None:
            return is_duplicate(similarity, self.eps)
        across, within = (
            is_duplicate(similarity, self.eps if eps is None else eps)
            for eps in (self.eps_across_sources, self.eps_within_source)
        )
        return np.where(same_source, within, across) & self.counts(same_source)

    @abstractmethod
    def witnesses(self, links: Links) -> NDArray[np.int64]:
        """Decide: int64 [n], for each clip that is dropped the row it duplicates, for each that is kept itself."""


def is_duplicate(similarity: NDArray[np.float32], eps: float) -> NDArray[np.bool_]:
    """The one place where a similarity meets a threshold: duplicate iff cosine > 1 - eps, compared in float32.

    Args:
        similarity: float32 [n], cosine.
        eps: 0 to 2.

    Returns:
        bool [n]; everyone else reads what was stored from this.
    """
    return np.asarray(similarity, np.float32) > np.float32(1.0 - eps)


def most_similar(links: Links, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each clip the most similar earlier one among the links that are allowed, the first of equals, else itself.

    Args:
        links: the pairs.
        allowed: bool [m].

    Returns:
        int64 [n].
    """
    first, second, similarity = links.first[allowed], links.second[allowed], links.similarity[allowed]
    best = strongest(second, similarity)
    witness = np.arange(len(links.ranks))
    witness[second[best]] = first[best]
    return witness
