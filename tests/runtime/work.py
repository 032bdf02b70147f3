"""What tests hand to workers: imported by them, so it imports little."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from vidcurate.records import Thumbnail
from vidcurate.registry import settings
from vidcurate.splitter.base import Detect
from vidcurate.splitter.fixed import Fixed


def fail_at(number: int, *, victim: int) -> int:
    if number == victim:
        raise OSError(f"no room for {number}")
    return number


def die_once(number: int, *, folder: str) -> int:
    mark = Path(folder) / "died"
    if number == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def exit_at(number: int, *, victim: int) -> int:
    if number == victim:
        os._exit(7)
    return number


def kill_at(number: int, *, victim: int, pid: int) -> int:
    """Another process is killed by this item."""
    if number == victim:
        os.kill(pid, signal.SIGKILL)
    return number


def hang_at(number: int, *, victim: int) -> int:
    if number == victim:
        time.sleep(600)
    return number


def hoard_at(number: int, *, victim: int, size: int) -> int:
    if number == victim:
        hoard = bytearray(size)
        hoard[::4096] = b"x" * len(hoard[::4096])
        time.sleep(600)
    return number


def signal_parent_at(number: int, *, victim: int, name: str, seconds: float) -> int:
    """The signal comes while this item is under way for some seconds more."""
    parent = multiprocessing.parent_process()
    if number == victim and parent is not None and parent.pid is not None:
        os.kill(parent.pid, signal.Signals[name])
        time.sleep(seconds)
    return number


def process_group(_: int) -> tuple[int, int]:
    """Which processes there are: the worker, and the one that forked it."""
    return os.getpid(), os.getppid()


@settings
class Deadly(Fixed):
    """Kills its process at the 60th frame of a video, as long as a file is not there."""

    cure: str

    def load(self, device: str) -> Detect:
        detect = super().load(device)
        return lambda thumbnails: detect(self._deadly(thumbnails))

    def _deadly(self, thumbnails: Iterable[Thumbnail]) -> Iterator[Thumbnail]:
        for index, thumbnail in enumerate(thumbnails):
            if index == 60 and not Path(self.cure).exists():
                os.kill(os.getpid(), signal.SIGKILL)
            yield thumbnail
