"""The trial beside what is known of all videos: whatever was seen of the sample can be asked for as a total."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.stage.plan.estimate import Design, Estimate, Figure, interval, ratio
from vidcurate.stage.plan.measured import Trial, Tried
from vidcurate.stage.plan.sample import KNOWN, Candidate, design_of, known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Totals:
    """What links a sample of n units to all videos.

    Attributes:
        design: of the sample.
        tried: what came of each unit.
        shares: float64 [n], of its video that was tried.
        known: float64 [n, KNOWN], of the videos of the units.
        all: float64 [videos, KNOWN].
        again: bool [videos], whether only finished clips are looked at: their domain.
        first: bool [n], whether a worker has begun with it.
    """

    design: Design
    tried: Sequence[Tried]
    shares: NDArray[np.float64]
    known: NDArray[np.float64]
    all: NDArray[np.float64]
    again: NDArray[np.bool_]
    first: NDArray[np.bool_]

    @classmethod
    def of(cls, videos: Sequence[Candidate], trial: Trial) -> Totals:
        """What links a trial to the videos that it was drawn from."""
        return cls(
            design=design_of(trial.units),
            tried=trial.tried,
            shares=np.array([unit.share for unit in trial.units]),
            known=known([unit.candidate for unit in trial.units]),
            all=known(videos),
            again=np.array([video.again for video in videos], np.bool_),
            first=np.array([one.first for one in trial.tried], np.bool_),
        )

    @property
    def cut(self) -> list[Tried]:
        """What came of units that are cut; of others, whose clips are there already, nothing."""
        domains = self.design.domain.tolist()
        return [Tried() if domain else one for domain, one in zip(domains, self.tried, strict=True)]

    def total(self, asked: Iterable[float], goes_with: str, *, scaled: bool = True) -> Estimate:
        """The total of something that was seen of each unit.

        Args:
            asked: of each unit.
            goes_with: one of `KNOWN`.
            scaled: whether a stretch shows only its share of it.
        """
        column = KNOWN.index(goes_with)
        values = np.array(list(asked), np.float64) / (self.shares if scaled else 1.0)
        sums = np.array([self.all[~self.again, column].sum(), self.all[self.again, column].sum()])
        return ratio(self.design, values, self.known[:, column], sums)

    def figure(self, asked: Iterable[float], goes_with: str) -> Figure:
        """The same with its interval."""
        return interval(self.design, self.total(asked, goes_with))

    def each(self, asked: NDArray[np.float64], goes_with: str) -> NDArray[np.float64]:
        """The same, spread over all videos: float64 [videos]."""
        column, weight = KNOWN.index(goes_with), self.design.weight
        found = np.zeros(len(self.all))
        for domain, mine in enumerate((~self.again, self.again)):
            units = self.design.domain == domain
            reference = (weight * self.known[:, column])[units].sum()
            if reference > 0:
                found[mine] = self.all[mine, column] * (weight * asked / self.shares)[units].sum() / reference
        return found
