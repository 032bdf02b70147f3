"""Samples as rows of a table: columns are shared with CLIPS, and an object is made of a clip as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.sharder.base import Sample, Sharder
from vidcurate.sharder.divide import Rows
from vidcurate.sharder.samples import SUBSETS, Lengths, Samples, digest
from vidcurate.stage.json_text import json_text
from vidcurate.stage.windows import captions_of

Matrix = NDArray[np.float32]
METADATA = (
    "clip_id", "video_id", "start", "end", "duration", "width", "height", "fps", "num_frames", "codec", "num_bytes",
    "has_audio",
)  # fmt: skip
"""Columns of CLIPS that go into every sample's .json."""
ORDER = (*METADATA, "source_video", "license", "caption", "windows", "scores", "subset", "bins")
"""Names of a sample's metadata."""
BLOCK = 2**15
"""Rows of which there are texts or objects at once."""


class Tabled(Samples):
    """Samples of which tables know all there is to say.

    Args:
        known: a row for each clip: `METADATA`, `source_video`, `license`, `windows`, `scores`, `media`, `source` and
            `captioned`.
        sharder: its settings say which bins there are.
        rows: int64 [n], which of them are samples.
        sides: int8 [n], their subsets.
        matrix: float32 [m, dim], embeddings, of which column `vector` of the table names a row for each sample that has
            one; None where none has.
    """

    def __init__(
        self, known: pa.Table, sharder: Sharder, rows: Rows, sides: NDArray[np.int8], matrix: Matrix | None = None
    ) -> None:
        self._known, self._sharder, self._rows, self._sides, self._matrix = known, sharder, rows, sides, matrix

    def __len__(self) -> int:
        return len(self._rows)

    def __reduce__(self) -> tuple[object, ...]:
        """Only what these samples are made of goes to a worker."""
        chosen, matrix = self._chosen(slice(None), self._known.column_names), None
        if self._matrix is not None:
            there = chosen["vector"].is_valid()
            matrix = self._matrix[chosen["vector"].drop_null().to_numpy()]
            own = pc.if_else(there, pc.subtract(pc.cumulative_sum(there.cast(pa.int64())), 1), None)
            chosen = chosen.set_column(chosen.column_names.index("vector"), "vector", own)
        return Tabled, (chosen, self._sharder, np.arange(len(self)), self._sides, matrix)

    def columns(self) -> pa.Table:
        """See `Samples`."""
        names = ["source", "num_bytes", "width", "height", "duration", "license", "captioned"]
        chosen = self._chosen(slice(None), ["clip_id", *names])
        text = pa.field("license", pa.string())
        chosen = chosen.set_column(chosen.column_names.index("license"), text, chosen["license"].cast(pa.string()))
        return chosen.rename_columns(["key", *names]).append_column("subset", pa.array(self._sides))

    def lengths(self) -> Lengths:
        """See `Samples`."""
        order = np.argsort(self._rows)  # the table is read from one end to the other
        ordered = self.take(order)
        found = Lengths.together([ordered._lengths(block) for block in ordered._blocks()])
        return found.take(np.argsort(order))

    def facts(self) -> list[str]:
        """See `Samples`."""
        found: list[str] = []
        for block in self._blocks():
            told = self._told(block)
            embedded = json_text(pa.array([digest(vector) or None for vector in self._embedded(block)], pa.string()))
            words = (
                json_text(told["clip_id"], ascii=True),
                json_text(told["num_bytes"]),
                json_text(told.to_struct_array(), ascii=True),
                pc.if_else(pc.equal(embedded, "null"), "false", embedded),
            )
            found += pc.binary_join_element_wise("[", pc.binary_join_element_wise(*words, ", "), "]", "").to_pylist()
        return found

    def take(self, rows: Rows) -> Tabled:
        """See `Samples`."""
        return Tabled(self._known, self._sharder, self._rows[rows], self._sides[rows], self._matrix)

    def followed(self, others: Iterable[Samples]) -> Tabled:
        """See `Samples`; all are of one table."""
        ours = (self, *(other for other in others if isinstance(other, Tabled)))
        rows, sides = (
            np.concatenate(arrays) for arrays in zip(*((one._rows, one._sides) for one in ours), strict=True)
        )
        return Tabled(self._known, self._sharder, rows, sides, self._matrix)

    def moved(self, subsets: NDArray[np.int8]) -> Tabled:
        """See `Samples`."""
        return Tabled(self._known, self._sharder, self._rows, subsets, self._matrix)

    def _made(self) -> Iterator[Sample]:
        for block in self._blocks():
            rows = zip(
                self._told(block).to_pylist(),
                self._chosen(block, ["media"])["media"].to_pylist(),
                self._embedded(block),
                strict=True,
            )
            for told, media, vector in rows:
                yield Sample(
                    key=told["clip_id"],
                    media=media,
                    num_bytes=told["num_bytes"],
                    width=told["width"],
                    height=told["height"],
                    duration=told["duration"],
                    source=told["video_id"],
                    caption=told["caption"],
                    metadata=told,
                    subset=told["subset"],
                    vector=vector,
                )

    def _blocks(self) -> Iterator[slice]:
        return (slice(at, at + BLOCK) for at in range(0, len(self), BLOCK))

    def _chosen(self, block: slice, names: list[str] | tuple[str, ...]) -> pa.Table:
        return self._known.select(names).take(pa.array(self._rows[block]))

    def _told(self, block: slice) -> pa.RecordBatch:
        """Metadata of some samples, a row each."""
        chosen = self._chosen(block, [*METADATA, "source_video", "license", "windows", "scores"])
        columns = {name: chosen[name].combine_chunks() for name in chosen.column_names}
        for name in ("source_video", "license"):  # of these clips alone
            columns[name] = columns[name].cast(pa.string())
        columns["caption"] = captions_of(columns["windows"])
        columns["subset"] = pa.DictionaryArray.from_arrays(pa.array(self._sides[block]), pa.array(SUBSETS))
        bins = self._sharder.binned(chosen)
        columns["bins"] = pa.StructArray.from_arrays(list(bins.values()), list(bins))
        return pa.record_batch([columns[name] for name in ORDER], list(ORDER))

    def _lengths(self, block: slice) -> Lengths:
        placed, told = self._chosen(block, ["media"]), self._told(block)
        return Lengths(
            key=pc.binary_length(told["clip_id"]).to_numpy(),
            plain=pc.string_is_ascii(told["clip_id"]).to_numpy(zero_copy_only=False),
            media=pc.utf8_length(placed["media"]).to_numpy(),
            clip=told["num_bytes"].to_numpy(),
            caption=pc.binary_length(told["caption"]).to_numpy(),
            metadata=pc.binary_length(json_text(told.to_struct_array())).to_numpy(),
        )

    def _embedded(self, block: slice) -> list[NDArray[np.float32] | None]:
        if self._matrix is None:
            return [None] * len(self._rows[block])
        rows = self._chosen(block, ["vector"])["vector"].to_pylist()
        return [None if row is None else self._matrix[row] for row in rows]
