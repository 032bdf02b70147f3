"""What a dedup rule is: in which order clips are kept, and which of them are duplicates at a given epsilon."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.cluster.base import Clusters
from vidcurate.neighbours.base import Nearest
from vidcurate.registry import Component, settings


@settings
class Dedup(Component):
    """How duplicates are decided.

    Attributes:
        compares: whether it looks at neighbours at all; without, clips are not even clustered.
        eps: two clips are duplicates iff their cosine similarity is above 1 - eps.
    """

    kind: ClassVar[str] = "dedup"
    volatile: ClassVar[frozenset[str]] = frozenset({"eps"})
    compares: ClassVar[bool] = True

    eps: Annotated[float, pydantic.Field(ge=0, le=2, allow_inf_nan=False)] = 0.01

    @abstractmethod
    def ranks(
        self, ids: tuple[str, ...], vectors: NDArray[np.float32], clusters: Clusters, seed: int
    ) -> NDArray[np.int64]:
        """Order in which clips are kept: int64 [n], each of 0..n-1 once, smaller first; independent of eps."""

    @abstractmethod
    def duplicates(self, nearest: Nearest, eps: float) -> NDArray[np.bool_]:
        """Bool [n], whether each clip is dropped at this epsilon."""


def is_duplicate(similarity: NDArray[np.float32], eps: float) -> NDArray[np.bool_]:
    """The one place where a similarity meets a threshold: duplicate iff cosine > 1 - eps, compared in float32.

    Args:
        similarity: float32 [n], cosine.
        eps: 0 to 2.

    Returns:
        bool [n]; everyone else reads what was stored from this.
    """
    return np.asarray(similarity, np.float32) > np.float32(1.0 - eps)
