"""A clip that is written on a thread of its own, so that the encoder and the models that see the clip both work."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vidcurate.records import Written
from vidcurate.transcoder.base import ClipWriter, Cutter

if TYPE_CHECKING:
    import av

DEPTH = 16
"""Frames that may wait for the encoder."""


@contextmanager
def apart(cutter: Cutter) -> Iterator[Cutter]:
    """A cutter whose clips are begun, written and finished on one other thread, in the order of the calls."""
    with ThreadPoolExecutor(1, thread_name_prefix="encode") as thread:
        yield _Apart(cutter, thread)


class _Apart:
    def __init__(self, cutter: Cutter, thread: ThreadPoolExecutor) -> None:
        self._cutter, self._thread = cutter, thread

    def begin(self, path: Path, start: int) -> ClipWriter:
        return _Clip(self._thread.submit(self._cutter.begin, path, start).result(), self._thread)


class _Clip:
    """A clip whose frames wait for the thread; what fails there is raised by the next call here."""

    def __init__(self, writer: ClipWriter, thread: ThreadPoolExecutor) -> None:
        self._writer, self._frames = writer, queue.Queue[tuple[int, "av.VideoFrame"] | None](DEPTH)
        self._thread, self._writing = thread, thread.submit(self._write)

    def add(self, tick: int, frame: av.VideoFrame) -> None:
        self._put((tick, frame))

    def finish(self, end: int) -> Written:
        self._put(None)
        self._writing.result()
        return self._thread.submit(self._writer.finish, end).result()

    def discard(self) -> None:
        self._put(None)
        self._thread.submit(self._writer.discard).result()

    def _put(self, entry: tuple[int, av.VideoFrame] | None) -> None:
        while True:
            if self._writing.done():
                if entry is not None:
                    self._writing.result()
                return
            try:
                return self._frames.put(entry, timeout=0.1)
            except queue.Full:
                continue

    def _write(self) -> None:
        while (entry := self._frames.get()) is not None:
            self._writer.add(*entry)
