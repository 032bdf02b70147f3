"""Folder: every video below a folder, here or on any file system that fsspec knows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Annotated, Any

import pydantic
from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import MissingInput, StoreError
from vidcurate.registry import register
from vidcurate.source.base import Input, Source
from vidcurate.source.confined import confined
from vidcurate.source.stamp import Stamp, listed_stamp, stamp_of
from vidcurate.store.mask import masked
from vidcurate.store.reach import located

SUFFIXES = frozenset({
    ".3g2", ".3gp", ".amv", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gif", ".h264", ".h265", ".hevc", ".ivf",
    ".m1v", ".m2t", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mpv",
    ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
})  # fmt: skip
"""What names of videos end in, in any case; FFmpeg reads all of these. `source=list` takes any name."""


@register
class Folder(Source):
    """Every file below a folder whose name ends like a video's, sorted by its path relative to the folder.

    Hidden files and folders (`.git`, `._clip.mp4`) are left out. Links are followed; each folder is visited once.

    Attributes:
        path: a local folder or the URL of one.
        pattern: only videos whose relative path matches, e.g. `cam1/*`; `*` stands for any characters, slashes too.
    """

    path: Annotated[str, pydantic.Field(min_length=1)]
    pattern: str = "*"

    def inputs(self) -> Iterator[Input]:
        """Every video, sorted by uri.

        Raises:
            MissingInput: there is no such folder, or no video in it.
            ConfigError: a link leads to what is not `below`.
        """
        fs, root = located(self.path)
        stamps = {name: stamp for name, stamp in self._listed(fs, root) if not _hidden(name)}
        videos = [name for name in stamps if os.path.splitext(name)[1].lower() in SUFFIXES]  # noqa: PTH122  # 10x faster
        chosen = videos if self.pattern == "*" else [name for name in videos if fnmatchcase(name, self.pattern)]
        if not chosen:
            raise MissingInput(f"source.path={self.path!r}: {self._why_none(list(stamps), videos)}")
        start = f"{root.rstrip('/')}/"
        inputs = (Input(uri=_printable(name), path=_path(fs, start + name), stamp=stamps[name]) for name in chosen)
        ordered = sorted(inputs, key=lambda entry: entry.uri)
        return iter(confined(ordered, self.below, self.path))

    def _listed(self, fs: Any, root: str) -> list[tuple[str, Stamp | None]]:
        """Relative name and stamp of every file, in one pass over the folder."""
        try:
            if fs.isfile(root):
                raise MissingInput(
                    f"source.path={self.path!r} is a file; give the folder that holds it, or name it in a text file "
                    "and give that: source=list source.path=FILE"
                )
            if not fs.exists(root):
                raise MissingInput(f"source.path={self.path!r}: there is no folder {root}")
            if isinstance(fs, LocalFileSystem):
                return list(_walk(root))
            found = fs.find(root, detail=True).items()
            return [(name[len(root) :].strip("/"), listed_stamp(details)) for name, details in found]
        except (OSError, StoreError) as error:
            raise MissingInput(masked(f"source.path={self.path!r} cannot be listed: {error}")) from error

    def _why_none(self, names: list[str], videos: list[str]) -> str:
        if videos:
            return f"none of {len(videos)} videos matches source.pattern={self.pattern!r}, e.g. {videos[0]!r}"
        if not names:
            return "the folder is empty"
        suffixes = Counter(PurePosixPath(name).suffix.lower() or "no suffix" for name in names)
        seen = ", ".join(f"{suffix} ({count})" for suffix, count in suffixes.most_common(8))
        return f"{len(names)} files, none with the suffix of a video: {seen}. source=list takes any name"


def _walk(root: str) -> Iterator[tuple[str, Stamp | None]]:
    """Relative path and stamp of all files below a local folder."""
    visited: set[str] = set()
    folders = [""]
    while folders:
        folder = folders.pop()
        if (here := os.path.realpath(f"{root}/{folder}")) in visited:
            continue
        visited.add(here)
        with os.scandir(f"{root}/{folder}") as entries:
            found = [(entry.is_dir(), f"{folder}{entry.name}", entry) for entry in entries]
        folders += sorted((f"{name}/" for is_dir, name, _ in found if is_dir), reverse=True)
        yield from ((name, _stamp(entry)) for is_dir, name, entry in found if not is_dir)


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    try:
        return stamp_of(entry.stat())
    except OSError:  # a link to nothing: whoever reads it will say so
        return None


def _path(fs: Any, place: str) -> str:
    return place if isinstance(fs, LocalFileSystem) else fs.unstrip_protocol(place)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _printable(name: str) -> str:
    """A name as valid Unicode; bytes that are not UTF-8 become escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
