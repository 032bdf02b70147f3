"""Search in a clip's own cluster and the next nearest ones, and across borders as far as that is affordable.

Each clip is compared with its own cell and with the `probes` cells next nearest to it; a pair is found where either
clip probes the other's. For small epsilons `prune` also compares the clips near each border, after which none is
missed: see `cells`. A cell is what is nearest to a centroid of the clustering.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Annotated, Literal

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters, check_vectors
from vidcurate.model.device import inference
from vidcurate.neighbours.base import Neighbours, Search
from vidcurate.neighbours.best import nobody, with_nearest
from vidcurate.neighbours.cells import Cells
from vidcurate.neighbours.crossing import Blocks, blocks, everything
from vidcurate.neighbours.graph import Collector, Graph, cosines
from vidcurate.neighbours.products import similar
from vidcurate.neighbours.spread import cores
from vidcurate.registry import register

log = logging.getLogger(__name__)

SHARE = 0.1
"""Of all clips, those that a clip may reach across borders before `prune: auto` settles for a smaller epsilon."""
ALL = 0.5
"""From this share on, comparing everything costs no more than finding out what to leave out."""


@register
class Probed(Neighbours):
    """All pairs within each cell and its nearest ones; a clip without any has itself, at 0, as its nearest.

    Attributes:
        probes: other cells that each clip is compared with, the nearest first.
        prune: also compare the clips near each border, so that no pair is missed: `true` down to the floor; `auto`
            up to the largest epsilon at which a clip reaches a tenth of the others; `false` not at all.
    """

    probes: Annotated[int, pydantic.Field(ge=0)] = 4
    prune: bool | Literal["auto"] = "auto"

    def load(self, device: str) -> Search:
        """The function that searches; matrices are multiplied on `device`."""
        return partial(_search, settings=self, device=device)


def plan(settings: Probed, cells: Cells) -> tuple[Blocks, float | None]:
    """What is compared with what, and the epsilon up to which no pair is missed; None where that is not known."""
    most = 1 - settings.floor
    if settings.probes >= len(cells) - 1:
        return everything(cells), most
    if settings.prune is False:
        return blocks(cells, cells.probed(), None), None
    if settings.prune is True and cells.affordable(ALL, most) < most:
        log.warning("probed: at an epsilon of %.3g neighbours.prune=true can leave out next to nothing", most)
        return everything(cells), most
    exact = most if settings.prune is True else cells.affordable(SHARE, most)
    return blocks(cells, cells.probed(), cells.within(cells.radius(exact))), exact


def _search(
    vectors: NDArray[np.float32], clusters: Clusters, ranks: NDArray[np.int64], *, settings: Probed, device: str
) -> Graph:
    check_vectors(vectors)
    threads = cores(device)
    with inference():
        cells = Cells.of(vectors, clusters.centroids, ranks, settings.probes, device, threads)
        compared, exact = plan(settings, cells)
        log.info(
            "probed: %d clips, each against its cell of %d and the next %d; %s",
            len(vectors),
            len(cells),
            settings.probes,
            "pairs across others are missed" if exact is None else f"no pair is missed up to epsilon {exact:.4g}",
        )
        pairs = Collector(settings.floor, settings.max_pairs)
        doubt = cells.doubt()
        for left, right in similar(cells.unit, compared, lambda: pairs.floor - doubt, threads):
            left, right = cells.order[left], cells.order[right]
            pairs.add(left, right, cosines(vectors, left, right))
    return with_nearest(pairs.graph(nobody(len(vectors)), ranks))
