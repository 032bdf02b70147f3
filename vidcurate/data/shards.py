"""Where the samples of a dataset lie: its list of shards, and beside each shard the table of its samples."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from vidcurate.errors import MissingInput, ShapeError
from vidcurate.store.files import Store

INDEX = "index.json"
PLACES = ("", "webdataset/v0")
"""Where a dataset's list of shards may lie below the path that was given."""

BLOCK = tarfile.BLOCKSIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A tar of samples, as `index.json` lists it.

    Attributes:
        path: below the folder of `index.json`.
        subset: `train`, `val` or `test`.
        bins: of all its samples.
        num_samples: in it.
    """

    path: str
    subset: str
    bins: Mapping[str, str]
    num_samples: int

    def beside(self, suffix: str) -> str:
        """The path with another suffix."""
        return str(PurePosixPath(self.path).with_suffix(suffix))


class Shards:
    """The shards of a dataset; may be pickled, and opens its file system anew in every process.

    Args:
        path: root of a dataset, or the folder that holds `index.json`; any fsspec URL.
        captions: name of captions that lie beside the dataset and take the place of its own.

    Raises:
        MissingInput: there is no `index.json`, or no captions of this name.
    """

    def __init__(self, path: str, captions: str | None = None) -> None:
        self._captions = captions
        self._store: Store | None = None
        self._pid = 0
        roots = [f"{path.rstrip('/')}/{place}".rstrip("/") for place in PLACES]
        root = next((root for root in roots if Store(root).exists(INDEX)), None)
        if root is None:
            raise MissingInput(
                f"{path}: no index.json there nor in webdataset/v0; run +experiment=shard out={path} first"
            )
        self.root = root
        folder = self._captions_folder()
        if folder is not None and not Store(folder).fs.exists(Store(folder).root):
            raise MissingInput(f"{folder}: there are no captions of this name")

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_store": None}

    @property
    def store(self) -> Store:
        """The folder of `index.json`, through a file system of this process: those of object stores survive no fork."""
        if self._store is None or self._pid != os.getpid():
            self._store, self._pid = Store(self.root), os.getpid()
        return self._store

    def listed(self, subset: str) -> tuple[Shard, ...]:
        """The shards of a subset, in the order of `index.json`."""
        entries = self.store.read_json(INDEX)["shards"]
        names = ("path", "subset", "bins", "num_samples")
        shards = (Shard(**{name: entry[name] for name in names}) for entry in entries)
        return tuple(shard for shard in shards if shard.subset == subset)

    def table(self, shard: Shard) -> pa.Table:
        """One row per sample of a shard, in the order of its tar.

        Returns:
            Columns `key`, `offset` and `size` (bytes that the sample takes in the tar), `caption`, and all that its
            side-car says besides.

        Raises:
            MissingInput: the shard is gone.
            ShapeError: captions that lie beside the dataset are not those of the shard's samples.
        """
        key = shard.beside(".parquet")
        if self.store.exists(key):
            with self.store.fs.open(self.store.path(key), "rb") as file:
                table = pq.ParquetFile(file).read()  # not by cudf: workers, being forks, must not touch a GPU
        elif self.store.exists(shard.path):
            with self.store.fs.open(self.store.path(shard.path), "rb") as file:
                table = scanned(file)
        else:
            raise gone(shard.path)
        folder = self._captions_folder()
        return table if folder is None else _recaptioned(table, Store(folder), key)

    def _captions_folder(self) -> str | None:
        return None if self._captions is None else f"{self.root.rpartition('/')[0]}/captions/{self._captions}"


def gone(path: str) -> MissingInput:
    """The error that says that a shard is not where it should be."""
    return MissingInput(f"{path} is listed in {INDEX} but is not there; copy the dataset again, or run shard")


def scanned(file: BinaryIO) -> pa.Table:
    """What a shard's side-car says, from the tar itself: for shards that have none.

    Args:
        file: an open tar in which one can seek.

    Returns:
        Columns `key`, `offset`, `size`, then what the .json of the samples say; `bin_...` and `score_...` for each bin
        and score.
    """
    samples: dict[str, dict[str, Any]] = {}
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            key, _, suffix = member.name.partition(".")
            sample = samples.setdefault(key, {"key": key, "offset": member.offset})
            sample["size"] = member.offset_data + -(-member.size // BLOCK) * BLOCK - sample["offset"]
            content = tar.extractfile(member) if suffix in ("json", "txt") else None
            if content is not None and suffix == "json":
                sample |= _flat(json.load(content))
            elif content is not None:
                sample["caption"] = content.read().decode()
    return pa.Table.from_pylist(list(samples.values()))


def _flat(metadata: Mapping[str, Any]) -> dict[str, Any]:
    groups = (("bin_", metadata.get("bins", {})), ("score_", metadata.get("scores", {})))
    plain = {name: value for name, value in metadata.items() if name not in ("bins", "scores")}
    return plain | {f"{prefix}{name}": value for prefix, group in groups for name, value in group.items()}


def _recaptioned(table: pa.Table, captions: Store, key: str) -> pa.Table:
    with captions.fs.open(captions.path(key), "rb") as file:
        found = pq.ParquetFile(file).read(["key", "caption"])
    if not found["key"].equals(table["key"]):
        raise ShapeError(f"{captions.path(key)} holds captions of other samples than its shard; write them anew")
    place = table.column_names.index("caption") if "caption" in table.column_names else table.num_columns
    rest = table.drop_columns(["caption"]) if "caption" in table.column_names else table
    return rest.add_column(place, "caption", found["caption"])
