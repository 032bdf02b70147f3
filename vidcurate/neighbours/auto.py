"""Chooses a search by what comparing all with all would cost: exact where that is affordable, else nearest clusters.

Comparing n clips of dim numbers with each other takes n^2 * dim / 2 multiplications. The time is predicted from the
rates below, which are orders of magnitude: they move the limit by their square root only. With 10 minutes, vectors of
512 numbers are compared exactly up to about 340,000 clips on 2 cores, 680,000 on 8, and 7 million on a GPU. Faiss is
never chosen: by the same count `probed` with clusters of 1,000 makes fewer products than `ivf` up to 200 million clips.
"""

from __future__ import annotations

import logging
from dataclasses import fields
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, check_vectors
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.exact import Exact
from vidcurate.neighbours.graph import Graph
from vidcurate.neighbours.probed import Probed
from vidcurate.neighbours.spread import cores
from vidcurate.registry import Positive, register

log = logging.getLogger(__name__)

CORE_RATE = 2.5e10
"""Multiplications of the exact search per second and core."""
GPU_RATE = 2.5e13
"""The same for a data centre's GPU: a tenth of what it does in bfloat16."""


@register
class Auto(Neighbours):
    """The exact search where it is expected to be done in time, else `probed`; another machine may choose otherwise.

    Attributes:
        minutes: that the exact search may take.
    """

    minutes: Positive = 10.0

    def chosen(self, n: int, dim: int, device: str) -> Neighbours:
        """The search for n vectors of a dimension; says in the log which it is, and why."""
        threads = cores(device)
        rate = CORE_RATE * threads if device == "cpu" else GPU_RATE
        minutes = n * n * dim / 2 / rate / 60
        choice = Exact if minutes <= self.minutes else Probed
        log.debug(
            "auto: neighbours=%s, as comparing all of %d clips x %d on %s would take about %.2g min (minutes=%g)",
            choice.__name__.lower(), n, dim, f"{threads} cores" if device == "cpu" else device, minutes, self.minutes,
        )  # fmt: skip
        return choice(**{field.name: getattr(self, field.name) for field in fields(Neighbours)})

    def load(self, device: str) -> Search:
        """The function that chooses, and searches."""
        return partial(_search, settings=self, device=device)


def _search(
    vectors: NDArray[np.float32], clusters: Clusters, ranks: NDArray[np.int64], *, settings: Auto, device: str
) -> Graph:
    check_vectors(vectors)
    n, dim = vectors.shape
    return settings.chosen(n, dim, device).load(device)(vectors, clusters, ranks)
