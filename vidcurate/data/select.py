"""Which samples of a shard a trainer wants, decided by its table before a byte of its tar is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.registry import near

PLACES = ("offset", "size")
"""What the names of columns end in that say where something lies in the tar."""
Bounds = Mapping[str, tuple[float | None, float | None]]
Where = Bounds | Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What samples must have.

    Attributes:
        where: bounds, both included and None for none, of numbers in the shards' tables, e.g.
            `{"duration": (2, 10), "score_motion.motion": (0.1, None)}`; or a function that says of a row of these
            tables whether the sample is wanted.
        min_caption: characters that a caption has at least.
    """

    where: Where | None = None
    min_caption: int = 0

    @property
    def takes_all(self) -> bool:
        """Whether no sample is left out, so that no table need be read."""
        return self.where is None and self.min_caption == 0

    def rows(self, table: pa.Table) -> NDArray[np.int32]:
        """Numbers of the wanted rows, rising.

        Args:
            table: of a shard.

        Raises:
            ConfigError: `where` bounds what is no number of the samples.
        """
        wanted = np.ones(table.num_rows, bool)
        if self.min_caption:
            lengths = pc.utf8_length(table["caption"].fill_null(""))
            wanted &= lengths.to_numpy() >= self.min_caption
        if isinstance(self.where, Mapping):
            for name, (low, high) in self.where.items():
                values = _column(table, name).to_numpy().astype(np.float64)  # null becomes NaN, in no bounds
                wanted &= ~np.isnan(values)
                wanted &= (low is None) | (values >= (low or 0.0))
                wanted &= (high is None) | (values <= (high or 0.0))
        elif self.where is not None:
            wanted &= np.asarray([bool(self.where(row)) for row in table.to_pylist()], bool)
        return np.flatnonzero(wanted).astype(np.int32)


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    known = [
        field.name for field in table.schema if _is_number(field.type) and field.name.rpartition("_")[2] not in PLACES
    ]
    if name not in known:
        raise ConfigError(
            [f"where: no number {name!r} in the samples{near(name, known)}; there are {', '.join(known)}"]
        )
    return table[name]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
