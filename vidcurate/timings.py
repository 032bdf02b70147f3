"""Where the seconds of an item go: code says what it is at, whoever runs the item collects the sums."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_current = threading.local()


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Count the seconds of a block as those of a stage; a stage within a stage counts as its own, not the outer's.

    Args:
        stage: `decode`, `shots`, `encode`, `embed`, ...
    """
    outer: list[float] | None = getattr(_current, "inner", None)
    inner = _current.inner = [0.0]
    began = time.perf_counter()
    try:
        yield
    finally:
        spent = time.perf_counter() - began
        _current.inner = outer
        if outer is not None:
            outer[0] += spent
        sums: dict[str, float] | None = getattr(_current, "sums", None)
        if sums is not None:
            sums[stage] = sums.get(stage, 0.0) + spent - inner[0]


@contextmanager
def collected() -> Iterator[dict[str, float]]:
    """Seconds by stage of what this thread does in the block; complete when it ends."""
    before = getattr(_current, "sums", None)
    sums: dict[str, float] = {}
    _current.sums = sums
    try:
        yield sums
    finally:
        _current.sums = before
