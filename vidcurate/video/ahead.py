"""Something to iterate over that is made on a thread of its own, a little ahead of whoever takes it.

Decoders, scalers and encoders let other Python threads run while they work; models on a GPU do, too. So the three of
them keep busy side by side, and what comes out is the same.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

DEPTH = 8
"""Items that may wait."""


def ahead(items: Iterable[Item], depth: int = DEPTH) -> Iterator[Item]:
    """The same items, in the same order, and the error that ends them, if one does.

    Args:
        items: is iterated over on the other thread, and left alone here until the end.
        depth: items that may wait to be taken.
    """
    waiting: queue.Queue[tuple[Item] | BaseException | None] = queue.Queue(depth)
    left = threading.Event()

    def put(entry: tuple[Item] | BaseException | None) -> None:
        while not left.is_set():
            try:
                return waiting.put(entry, timeout=0.1)
            except queue.Full:
                continue

    def make() -> None:
        try:
            iterator = iter(items)
            try:
                for item in iterator:
                    put((item,))
                    if left.is_set():
                        return
            finally:
                if isinstance(iterator, Iterator) and hasattr(iterator, "close"):
                    iterator.close()  # here, where it was used
        except BaseException as error:  # raised where the items are taken
            put(error)
        else:
            put(None)

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while (entry := waiting.get()) is not None:
            if isinstance(entry, BaseException):
                raise entry
            yield entry[0]
    finally:
        left.set()
        thread.join()
