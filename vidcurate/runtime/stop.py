"""Signals that ask a run to stop: SIGTERM, SIGUSR2 and Ctrl-C. What is under way may end, nothing more is begun.

For runtimes: `Runtime.map` ends the queue of items as soon as `stopping()`, and raises Stopped when `run` has ended. So
`run` has only to drop what is handed out but not begun, and to give up what is under way once `seconds_left()` is 0.
It looks twice a second or so, because a signal does not wake a thread that waits (PEP 475).

Work in this process that draws no items, such as k-means, is asked by `demand_running()` between its steps; what has
not ended `MARGIN` seconds after the grace period is broken off wherever it is, by an exception that no `except
Exception` can take for a fault of a video.
"""

from __future__ import annotations

import logging
import math
import os
import select
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from vidcurate.errors import Stopped

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGUSR2] if hasattr(signal, "SIGUSR2") else []))
GRACE = 25.0
"""Seconds; SLURM kills 30 seconds after SIGTERM (KillWait), and workers must be gone by then."""
MARGIN = 2.0

Item = TypeVar("Item")


class _Halt(BaseException):
    """Breaks off whatever the main thread is at."""


class _Request:
    """What has been asked of the run that is going on."""

    def __init__(self, grace: float) -> None:
        self.grace = grace
        self.came: list[int] = []
        self.deadline = math.inf
        self.halted = False
        self.ended = False
        self.lock = threading.Lock()  # held by whoever sends a signal or ends the request, never by the handler
        self.listen, self.bell = os.pipe()


_request: _Request | None = None


def stopping() -> bool:
    """Whether a signal has asked the run to stop."""
    return _request is not None and bool(_request.came)


def seconds_left() -> float:
    """Until what is under way is given up: from the grace period down to 0; infinite while nobody asks to stop."""
    return math.inf if _request is None else max(0.0, _request.deadline - time.monotonic())


def demand_running() -> None:
    """Go on only if nobody asks to stop.

    Raises:
        Stopped: somebody does.
    """
    if stopping():
        raise stopped("what had ended by then is kept")


def stopped(done: str) -> Stopped:
    """The error that ends the run.

    Args:
        done: half a sentence on what there is.
    """
    came = _request.came if _request is not None else []
    names = ", then ".join(signal.Signals(number).name for number in came[:1]) or "a signal"
    return Stopped(f"stopped by {names}: {done}. The same command goes on where it stopped.")


def while_running(items: Iterable[Item]) -> Iterator[Item]:
    """The items, until somebody asks to stop."""
    for item in items:
        if stopping():
            return
        yield item


@contextmanager
def heeding(grace: float = GRACE) -> Iterator[None]:
    """Heed the signals until the block ends; in threads, which get none, and on Windows this does nothing.

    A second Ctrl-C breaks off at once. Handlers that somebody else has set, as submitit does in a job of SLURM, are set
    again at the end and called for the signals that came, so that the job is requeued with its work committed; signals
    that are ignored stay ignored.

    Args:
        grace: seconds in which what is under way may end.

    Raises:
        Stopped: a signal came and the block was broken off.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_kill"):
        yield
        return
    global _request
    request = _Request(grace)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number, handler in before.items() if handler not in {signal.SIG_IGN, None}]
    outer, _request = _request, request
    threading.Thread(target=_watch, args=(request, threading.get_ident()), daemon=True).start()
    try:
        for number in heeded:
            signal.signal(number, lambda number, _: _note(request, number))
        yield
    except _Halt:
        raise stopped("what was under way was broken off, all that is committed stays") from None
    finally:
        with request.lock:
            request.ended = True
        for number in heeded:
            signal.signal(number, before[number])
        os.close(request.bell)
        _request = outer
        for came in dict.fromkeys(request.came):
            handler = before[signal.Signals(came)]
            if callable(handler) and handler is not signal.default_int_handler:
                handler(came, None)


def _note(request: _Request, number: int) -> None:
    """The handler: takes no lock and logs nothing, as the main thread may be amid either."""
    if request.ended:
        return
    late = time.monotonic() >= request.deadline + MARGIN
    if late or (number == signal.SIGINT and request.came):
        if not request.halted or number == signal.SIGINT:
            request.halted = True
            raise _Halt
        return
    if not request.came:
        request.deadline = time.monotonic() + request.grace
    request.came.append(number)
    os.write(request.bell, bytes([number]))


def _watch(request: _Request, main: int) -> None:
    """Say that a signal came, and send it to the main thread again when the time is over."""
    with os.fdopen(request.listen, "rb", buffering=0) as bell:
        came = bell.read(1)
        if not came:
            return
        log.warning(
            "%s: nothing more is begun, what is under way has %g s to end; Ctrl-C (again) breaks it off",
            signal.Signals(came[0]).name,
            request.grace,
        )
        while (left := request.deadline + MARGIN - time.monotonic()) > 0:
            if select.select([bell], [], [], left)[0] and not bell.read(1):
                return
        with request.lock:
            if not request.ended:
                signal.pthread_kill(main, came[0])
        while bell.read(1):
            pass
