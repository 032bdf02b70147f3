"""The dataset's root as a folder of keys on any fsspec file system; what is written appears whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import StoreError
from vidcurate.store import parquet, permit
from vidcurate.store.reach import located
from vidcurate.store.room import reserved
from vidcurate.store.scratch import scratch, staged, sweep
from vidcurate.store.trouble import told


class Store:
    """Reads and writes below one root.

    Args:
        root: a local folder or any fsspec URL.
    """

    def __init__(self, root: str) -> None:
        self.url = root
        self.fs, path = located(root)
        self.root = path.rstrip("/")
        self.is_local = isinstance(self.fs, LocalFileSystem)

    def __repr__(self) -> str:
        return f"Store({self.root!r})"

    def path(self, key: str) -> str:
        """Full path of a key on the store's file system.

        Raises:
            StoreError: the key leads out of the store; who reads keys in a stranger's files need not look at them.
        """
        if ".." in key or "\0" in key:
            _demand_inside(key, self.url)
        return f"{self.root}/{key}"

    def place(self, key: str) -> str:
        """Where a key is, for whoever opens it without this store: a local path or a URL."""
        return self.path(key) if self.is_local else self.fs.unstrip_protocol(self.path(key))

    def exists(self, key: str) -> bool:
        """Whether a key holds something."""
        return bool(self.fs.exists(self.path(key)))

    def read(self, key: str) -> bytes:
        """All bytes of a key."""
        return bytes(self.fs.cat_file(self.path(key)))

    def peek(self, key: str) -> bytes | None:
        """The same of a key that may be gone at any moment; None without one."""
        try:
            return self.read(key)
        except FileNotFoundError:
            return None

    def write(self, key: str, data: bytes) -> None:
        """Write a key in one step: temporary name and rename locally, a single put on object stores."""
        permit.demand(self.url)
        if not self.is_local:
            self.fs.pipe_file(self.path(key), data)
            return
        with self.staging() as folder:
            staged = folder / PurePosixPath(key).name
            staged.write_bytes(data)
            self.put(staged, key)

    def create(self, key: str, data: bytes) -> bool:
        """Write a key only if there is none, whole or not at all; of several who try at once, one succeeds.

        So it is on local disks (a link) and on S3 (If-None-Match); elsewhere as far as the file system keeps the word
        of `pipe_file(mode="create")`.

        Args:
            key: to write.
            data: unlike what anyone else writes there: an answer that was lost on its way is told by it from a refusal.

        Returns:
            whether the key holds this data now, rather than what somebody else has written.
        """
        if not self.is_local:
            try:
                self.fs.pipe_file(self.path(key), data, mode="create")
            except FileExistsError:
                return self.peek(key) == data  # whoever wrote it may have removed it since
            return True
        goal = Path(self.path(key))
        with self.staging() as folder:
            staged = folder / goal.name
            staged.write_bytes(data)
            goal.parent.mkdir(parents=True, exist_ok=True)
            try:
                return _linked(staged, goal)
            except (FileExistsError, FileNotFoundError):  # somebody's key, or the folder went with one
                return False

    def put(self, local: Path, key: str) -> None:
        """Move a finished local file to a key; locally a rename, so stage it with `staging`."""
        permit.demand(self.url)
        if not self.is_local:
            self.fs.put_file(str(local), self.path(key))
            local.unlink()
            return
        goal = Path(self.path(key))
        with told(self.root, ours=True):
            goal.parent.mkdir(parents=True, exist_ok=True)
            local.replace(goal)

    def fetch(self, key: str, folder: Path) -> Path:
        """A local file with the contents of a key: the file itself, or a copy of it in `folder`."""
        if self.is_local:
            return Path(self.path(key))
        local = folder / PurePosixPath(key).name
        self.fs.get_file(self.path(key), str(local))
        return local

    def move(self, key: str, goal: str) -> None:
        """Rename a key; nothing happens if it is not there."""
        if self.exists(key):
            self.fs.makedirs(self.path(str(PurePosixPath(goal).parent)), exist_ok=True)
            self.fs.mv(self.path(key), self.path(goal))

    def remove(self, key: str) -> None:
        """Remove a key or everything below it; nothing happens if it is not there."""
        if self.exists(key):
            self.fs.rm(self.path(key), recursive=True)

    def keys(self, folder: str, suffix: str = "") -> list[str]:
        """Keys below a folder that end in `suffix`, sorted; hidden and private names (`.`, `_`) left out."""
        if not self.exists(folder):
            return []
        found = map(self._key, self.fs.find(self.path(folder)))
        return sorted(key for key in found if key.endswith(suffix) and not _is_private(key))

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of every key that `keys` gives, in its order."""
        if not self.exists(folder):
            return {}
        found = self.fs.find(self.path(folder), detail=True).items()
        sizes = {self._key(name): int(facts["size"]) for name, facts in found}
        return {key: size for key, size in sorted(sizes.items()) if not _is_private(key)}

    def names(self, folder: str, suffix: str = "") -> Iterator[str]:
        """Names of the files right in a folder that end in `suffix`, in any order; private ones left out."""
        if not self.is_local:
            yield from (name for name, _ in self.details(folder, suffix))
            return
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.path(folder)) as entries:
            for entry in entries:  # fsspec takes ten times as long, and a dictionary for each
                if (name := entry.name).endswith(suffix) and name[0] not in "._":
                    yield name

    def details(self, folder: str, suffix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The same with what the file system says of each, in the words of fsspec; locally `ino` and `mtime_ns` too."""
        if self.is_local:
            root = self.path(folder)
            for name in self.names(folder, suffix):
                with suppress(FileNotFoundError):
                    found = os.stat(f"{root}/{name}")  # noqa: PTH116  # of a million
                    times = {"mtime": found.st_mtime, "mtime_ns": found.st_mtime_ns}
                    yield name, {"size": found.st_size, "ino": found.st_ino, **times}
            return
        with suppress(FileNotFoundError, NotADirectoryError):
            for facts in self.fs.ls(self.path(folder), detail=True):
                name = facts["name"].rsplit("/", 1)[-1]
                if facts["type"] == "file" and name.endswith(suffix) and not _is_private(name):
                    yield name, facts

    def _key(self, path: str) -> str:
        return path[len(self.root) + 1 :]

    def folders(self, suffix: str = "") -> list[str]:
        """Names of the folders right below the root that end in `suffix`, sorted."""
        if not self.fs.exists(self.root):
            return []
        below = [entry for entry in self.fs.ls(self.root, detail=True) if entry["type"] == "directory"]
        names = (entry["name"].rstrip("/").rsplit("/", 1)[-1] for entry in below)
        return sorted(name for name in names if name.endswith(suffix))

    def read_json(self, key: str) -> Any:
        """The value of a JSON key.

        Raises:
            json.JSONDecodeError: it is no JSON; says which file.
        """
        content = self.read(key)
        try:
            return json.loads(content)
        except json.JSONDecodeError as error:
            raise json.JSONDecodeError(f"{self.path(key)}: {error.msg}", error.doc, error.pos) from error
        except UnicodeDecodeError as error:
            raise json.JSONDecodeError(f"{self.path(key)}: no text: {error.reason}", "", error.start) from error

    def write_json(self, key: str, value: object) -> None:
        """Write a value as JSON with sorted keys."""
        self.write(key, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")

    def read_table(self, key: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The table of a parquet key, or these columns of it."""
        return parquet.read(self.fs, self.path(key), columns)

    def write_table(self, key: str, table: pa.Table) -> None:
        """Write a table as parquet; equal tables give equal bytes."""
        self.write(key, parquet.write(table))

    @contextmanager
    def staging(self, size: int = 0) -> Iterator[Path]:
        """A local folder for files in the making, on the store's own disk if it is local; removed afterwards.

        Args:
            size: bytes that will lie there, for which there must be room in the scratch folder, if that is where.

        Raises:
            StoreError: the disk is full, or refuses to be written.
            NotAtHand: there is never so much room.
        """
        with (
            reserved(0 if self.is_local else size, self.url),
            staged(Path(self.root) if self.is_local else scratch()) as folder,
        ):
            yield folder

    def sweep(self) -> None:
        """Remove staging folders that killed processes have left, here and in the scratch folder."""
        if self.is_local:
            sweep(Path(self.root))
        sweep(scratch())

    @contextmanager
    def swept(self) -> Iterator[None]:
        """Sweep before a block, and after it: what a killed run has left behind may have been alive still."""
        self.sweep()
        try:
            yield
        finally:
            self.sweep()


def _linked(staged: Path, goal: Path) -> bool:
    """Give a file a second name, which must be new; by a copy where the disk knows no links."""
    try:
        goal.hardlink_to(staged)
    except FileExistsError:
        raise
    except OSError:
        with goal.open("xb") as file:
            file.write(staged.read_bytes())
    return True


def _demand_inside(key: str, url: str) -> None:
    if "\0" in key or ".." in key.replace("\\", "/").split("/"):
        raise StoreError(f"{key!r} leads out of {url}: no name of a file of a dataset; do not trust what names it")


def _is_private(key: str) -> bool:
    return PurePosixPath(key).name[0] in "._"
