"""How far a share that was measured on a sample may be from the true one: 95 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
"""Standard deviations that hold 95 % of a normal distribution."""
RESAMPLES = 1000
"""Samples that a bootstrap draws anew; its ends vary by about a twentieth of the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share between 0 and 1, and the ends of its interval."""

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        """As the log and Markdown show it."""
        return f"{self.share:.4f} ({self.low:.4f} to {self.high:.4f})"


def wilson(share: float, size: float) -> Rate:
    """A share of a sample, with Wilson's interval.

    Args:
        share: 0 to 1.
        size: of the sample, above 0; any real number, infinity for one that leaves nothing open.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953, without continuity correction.
    """
    if math.isinf(size):
        return Rate(share=share, low=share, high=share)
    spread = Z * Z / size
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * share * (1 - share) + spread * spread / 4) / (1 + spread)
    return Rate(share=share, low=min(share, max(0.0, middle - half)), high=max(share, min(1.0, middle + half)))


def bootstrap(found: NDArray[np.int64], true: NDArray[np.int64]) -> Rate:
    """The share of things found where they come in lots: things of one lot are found or missed together.

    Lots are drawn anew, as often as there are lots. A sample in which all is found, or nothing, would tell that
    nothing can vary; its interval is that of as many independent trials as there are lots with things.

    Args:
        found: int64 [lots], things of each lot that were found.
        true: int64 [lots], things of each lot; of some lot at least one.

    Source: Efron 1979, doi:10.1214/aos/1176344552, the percentile interval of a ratio.
    """
    if found.sum() in (0, true.sum()):
        trials = int((true > 0).sum())
        return wilson(float(found.any()), trials)
    draws = _draws(len(true))  # einsum: so small a product is not worth waking threads
    parts, wholes = (np.einsum("ij,j->i", draws, things.astype(np.float32)) for things in (found, true))
    low, high = np.quantile(parts[wholes > 0] / wholes[wholes > 0], (0.025, 0.975))
    return Rate(share=float(found.sum() / true.sum()), low=float(low), high=float(high))


@lru_cache(maxsize=1)
def _draws(lots: int) -> NDArray[np.float32]:
    """How often each resample draws each lot: float32 [RESAMPLES, lots]."""
    drawn = np.random.default_rng(0).integers(lots, size=(RESAMPLES, lots)) + lots * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(drawn.reshape(-1), minlength=RESAMPLES * lots)
    return counts.reshape(RESAMPLES, lots).astype(np.float32)
