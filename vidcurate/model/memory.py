"""Memory that is freed goes back to the system."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGE = 9_000_000
"""Bytes from which an allocation is given back when it is freed: a little more than any layer of a detector takes."""
KEPT, GROWTH = 64 * 2**20, 16 * 2**20
"""Bytes of freed small change that are kept, and by which it grows."""


def give_back() -> None:
    """Keep glibc from holding on to freed frames: left alone, it soon takes megabytes for small change.

    Five minutes of 1080p then take 1.15 GiB. With a LARGE of 2 MB or half of KEPT pages that a detector needs again at
    once go and come all the time, which costs it a third of its speed. Does nothing on other systems.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_THRESHOLD, LARGE)
            libc.mallopt(M_TRIM_THRESHOLD, KEPT)  # the first call has ended what glibc adjusts by itself
            libc.mallopt(M_TOP_PAD, GROWTH)
