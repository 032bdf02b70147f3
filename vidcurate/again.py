"""Calls a function every so often while a block runs, so that what is written down or shown is never old."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def again(seconds: float, function: Callable[[], None], *, last: bool = True) -> Iterator[None]:
    """Call a function in a thread.

    Args:
        seconds: between two calls.
        function: raises nothing.
        last: whether to call it once more when the block has ended, however it did.
    """
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(seconds):
            function()

    thread = threading.Thread(target=keep, name="again", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if last:
            function()
