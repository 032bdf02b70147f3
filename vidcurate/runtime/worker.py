"""A worker process: it takes one item at a time through a pipe and sends back what became of it.

Workers are forked from a server that has imported the heavy libraries once for all of them, and that has no threads:
forking this process, which has some, would deadlock. Where there is no such server, as on Windows, each worker is
spawned and imports them itself.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from vidcurate.errors import VidcurateError
from vidcurate.runtime.overheard import overhear, overheard, repeat
from vidcurate.runtime.stop import SIGNALS
from vidcurate.runtime.task import Task

THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PRELOADED = ("torch", "av", "pyarrow.parquet")
"""Beside the module of the function that is mapped; what is not installed is passed over."""
READY = b""
"""The first message of a worker: it lives, and has the function."""


class Worker:
    """This process's end of a worker.

    Args:
        task: what it does with every item.

    Attributes:
        item: what it is at.
        tries: how many workers that has ended before.
        since: when it began that, by `time.monotonic`; infinite until the worker is ready.
        lives: whether it has been ready.
    """

    def __init__(self, task: Task[Any, Any]) -> None:
        context = _context(task.function)
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, task, dict(os.environ)))  # type: ignore[attr-defined]  # typeshed
        with shielded():
            self._process.start()
        theirs.close()
        self.item: Any = None
        self.tries = 0
        self.since = float("inf")
        self.lives = False

    def give(self, item: Any, tries: int) -> None:
        """Hand it the next item.

        Raises:
            OSError: it has died while it waited.
        """
        self.pipe.send(item)
        self.item, self.tries = item, tries
        if self.lives:
            self.begin()

    def begin(self) -> None:
        """Note that it is ready and at its item."""
        self.lives, self.since = True, time.monotonic()

    def resident(self) -> int:
        """Bytes of memory that it takes up; 0 where /proc does not tell."""
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def end(self, seconds: float = 0.0) -> str:
        """Let it end for some seconds, then kill it.

        Returns:
            how it ended.
        """
        self.pipe.close()
        self._process.join(seconds)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        code = self._process.exitcode
        if code is None or code >= 0:
            return f"exit code {code}"
        why = ", most likely for want of memory" if code == -signal.SIGKILL else ""
        return f"killed by signal {-code} ({signal.Signals(-code).name}){why}"


def answer(message: bytes) -> Any:
    """What a worker says of an item; what it has logged at it is logged here.

    Raises:
        Exception: what the function has raised, as it was, with the worker's traceback as a note.
    """
    value, error, records = pickle.loads(message)
    repeat(records)
    if error is not None:
        raise error
    return value


def _serve(pipe: Connection, task: Task[Any, Any], environ: dict[str, str]) -> None:
    for number in SIGNALS:  # Ctrl-C and SLURM signal all processes; the one that started us ends us
        signal.signal(number, signal.SIG_IGN)
    os.environ |= environ  # the server that forked us has that of the first run, with other credentials maybe
    os.environ |= dict.fromkeys(THREAD_LIMITS, "1")  # a spawned worker has imported none of the libraries yet
    threading.Thread(target=_die_with_parent, daemon=True).start()
    overhear()
    pipe.send_bytes(READY)
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        pipe.send_bytes(answered(task, item))


def answered(task: Task[Any, Any], item: Any) -> bytes:
    """What `answer` reads of an item that is worked on here."""
    try:
        return pickle.dumps((task(item), None, overheard()))
    except Exception as error:
        error.add_note(f"In a worker:\n{traceback.format_exc()}")
        return _sent(error)


def _sent(error: Exception) -> bytes:
    """An error as bytes; one that cannot be pickled, or not be read again, as its message."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = VidcurateError(f"{type(error).__name__}: {error}")
    return pickle.dumps((None, error, overheard()))


def _die_with_parent() -> None:
    """A process that was killed never tells its workers to end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _context(function: Callable[..., object]) -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([getattr(function, "func", function).__module__, *PRELOADED])
    with shielded():
        forkserver.ensure_running()
    return context


@contextmanager
def shielded() -> Iterator[None]:
    """What is started in the block uses one core, and gets none of the signals that ask a run to stop."""
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ |= dict.fromkeys(THREAD_LIMITS, "1")
    blocks = hasattr(signal, "pthread_sigmask")
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS) if blocks else set()
    try:
        yield
    finally:
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
