"""Files that somebody else's dedup has left: where they lie, which of them count at an epsilon, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import fsspec
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import Damaged, MissingInput, ShapeError
from vidcurate.records import Listed
from vidcurate.stage.foreign import examples
from vidcurate.store import parquet
from vidcurate.store.reach import located

BASES = ("", "extraction/", "semantic/extraction/")
FOLDERS = ("", "semdedup_pruning_tables/", "pairwise_results/", "duplicates/")
"""Where in a dedup result, and in which folders, parquet files with decisions lie."""
REMOVED = "duplicates"
"""Folder of lists that are always of ids to remove."""
LIST = "unique_ids_"
"""Begins the name of a list of which that is not known."""
SCORE = "cosine_sim_score"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DedupResult:
    """What a dedup has left.

    Attributes:
        place: where, for messages.
        fs: the file system of the files.
        tables: files of ids, nearest neighbours and scores.
        lists: files of ids alone.
    """

    place: str
    fs: fsspec.AbstractFileSystem
    tables: tuple[str, ...]
    lists: tuple[str, ...]

    def scores(self) -> pa.Table:
        """All rows of the tables: `id` and `max_id`, text, and `cosine_sim_score`.

        Raises:
            ShapeError: an id comes twice.
        """
        return self._read(self.tables, ["id", "max_id", SCORE])

    def listed(self, eps: float, unique_ids: Listed | None) -> tuple[pa.Array, bool]:
        """The ids of the lists that count at an epsilon, and whether these are to be kept.

        Args:
            eps: as in the name of the list; a folder `duplicates` is for one epsilon, and does not say for which.
            unique_ids: what a list is of that does not say it.

        Raises:
            MissingInput: there is none at this epsilon, or nobody says what it is of.
            ShapeError: an id comes twice.
        """
        removed = [file for file in self.lists if file.split("/")[-2] == REMOVED]
        if removed:
            return self._read(removed, ["id"])["id"].combine_chunks(), False
        name = f"{LIST}{f'{eps:.5f}'.rstrip('0').rstrip('.')}.parquet"
        ours = [file for file in self.lists if file.endswith(f"/{name}")]
        if not ours:
            there = examples(file.rpartition("/")[2] for file in self.lists)
            raise MissingInput(f"decisions={self.place}: dedup.eps={eps!r} takes {name}; there is {there}")
        if unique_ids is None:
            raise MissingInput(
                f"decisions={self.place}: {name} is all there is, and such lists are of ids to keep or to remove, "
                "depending on NeMo's version. Say unique_ids=remove (as cosmos-curate takes them) or unique_ids=keep"
            )
        return self._read(ours, ["id"])["id"].combine_chunks(), unique_ids == "keep"

    def _read(self, files: Sequence[str], columns: list[str]) -> pa.Table:
        table = pa.concat_tables([parquet.read(self.fs, file, columns) for file in files], promote_options="permissive")
        for position, name in enumerate(columns):
            if name != SCORE:
                table = table.set_column(position, name, pc.cast(table[name], pa.string()))
        counts = table["id"].value_counts()
        if len(counts) < len(table):
            twice = [entry["values"].as_py() for entry in counts if entry["counts"].as_py() > 1]
            raise ShapeError(
                f"decisions={self.place}: {len(twice)} ids come twice ({examples(twice)}): several runs share a folder"
            )
        return table


def find_result(place: str) -> DedupResult:
    """Look for what a dedup has left.

    Args:
        place: the folder that holds `extraction/`, any folder in it, or a file.

    Raises:
        MissingInput: there is nothing.
        ShapeError: a file is no parquet file.
    """
    fs, path = located(place)
    if fs.isfile(path):
        files = [path]
    else:
        patterns = (f"{path.rstrip('/')}/{base}{folder}*.parquet" for base in BASES for folder in FOLDERS)
        files = sorted({name for pattern in patterns for name in fs.glob(pattern)})
    try:
        names = {file: set(parquet.schema_of(fs, file).names) for file in files}
    except Damaged as error:
        why = error.__cause__ or error
        raise ShapeError(f"decisions={place}: a file cannot be read as parquet: {why}") from error
    tables = tuple(file for file in files if {"id", "max_id", SCORE} <= names[file])
    lists = tuple(file for file in files if "id" in names[file] and _is_list(file))
    if not tables and not lists:
        raise MissingInput(
            f"decisions={place}: expected what a dedup has left, extraction/semdedup_pruning_tables/*.parquet or "
            f"extraction/{LIST}*.parquet, and found {'other parquet files' if files else 'no parquet file'}. Name "
            "another place; without decisions=..., dedup=none packs all clips"
        )
    return DedupResult(place=place, fs=fs, tables=tables, lists=lists)


def _is_list(file: str) -> bool:
    folder, name = file.split("/")[-2:]
    return folder == REMOVED or name.startswith(LIST)
