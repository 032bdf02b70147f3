"""Calls a function every so often while a block runs, so that what is written down is never old."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def again(seconds: float, function: Callable[[], None]) -> Iterator[None]:
    """Call a function in a thread, and a last time when the block has ended, however it did.

    Args:
        seconds: between two calls.
        function: raises nothing.
    """
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(seconds):
            function()

    thread = threading.Thread(target=keep, name="telemetry", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        function()
