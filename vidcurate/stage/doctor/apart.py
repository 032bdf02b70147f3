"""A look in a process of its own: a library that crashes, hangs or ends the process takes nobody along.

On Linux the process is forked, which costs no import anew; elsewhere the look is done in this process, unprotected.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

Seen = TypeVar("Seen")


class Lost(Exception):
    """The process has not answered; the message says what became of it."""


class Apart(Generic[Seen]):
    """A look under way.

    Args:
        look: what is done; its answer must pickle.
        seconds: in which it must answer, from now on.
    """

    def __init__(self, look: Callable[[], Seen], seconds: float) -> None:
        self._look, self._seconds, self._end = look, seconds, time.monotonic() + seconds
        self._forks = sys.platform == "linux"
        if self._forks:
            forking = multiprocessing.get_context("fork")
            self._answer, end = forking.Pipe(duplex=False)
            self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `answer`
            self._process = forking.Process(target=_work, args=(look, end, self._said.fileno()), daemon=True)
            self._process.start()
            end.close()

    def answer(self) -> Seen:
        """What it has seen; waits for it.

        Raises:
            Lost: the process has ended without an answer, or has not ended in time.
        """
        if not self._forks:
            return self._look()
        with self._said, self._answer:
            try:
                if not self._answer.poll(max(0.0, self._end - time.monotonic())):
                    raise Lost(f"it has not answered in {self._seconds:g} s")
                seen: Seen = self._answer.recv()
                return seen
            except EOFError:
                self._process.join()
                raise Lost(self._death()) from None
            finally:
                self._process.kill()
                self._process.join()

    def _death(self) -> str:
        code = self._process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._said.seek(0)
        lines = [line.strip() for line in self._said.read()[-4096:].decode(errors="replace").splitlines()]
        last = next((line for line in reversed(lines) if line), "")
        return f"the process that looked {how}" + (f": {last}" if last else "")


def _work(look: Callable[[], Seen], end: Connection, said: int) -> None:
    for stream in (1, 2):  # what libraries print is shown only if they end the process
        os.dup2(said, stream)
    end.send(look())
    end.close()
